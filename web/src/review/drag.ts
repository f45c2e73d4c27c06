/** What a drag on the picture does to a box. */
import { inside, moved, type Place } from './edits';

export interface Grip {
  /** Where it began, shares of the picture. */
  readonly from: readonly [number, number];
  /** The box that is held; null draws a new one. */
  readonly id: number | null;
  /** Where that box was. */
  readonly place: Place | null;
  /** A track that lies there, for a click. */
  readonly track: number | null;
  /** 0 to 3 from the upper left to the lower right; null holds all of the box. */
  readonly corner: number | null;
}

/** Less than this is a click. */
const CLICK = 0.006;

/** Where the box is now; null while it is a mere click. */
export function dragged(grip: Grip, [x, y]: readonly [number, number]): Place | null {
  const [across, down] = [x - grip.from[0], y - grip.from[1]];
  if (Math.abs(across) < CLICK && Math.abs(down) < CLICK) return null;
  if (!grip.place) return inside([grip.from[0], grip.from[1], x, y]);
  if (grip.corner === null) return moved(grip.place, across, down);
  const [left, top, right, bottom] = grip.place;
  return inside([
    grip.corner % 2 ? left : left + across,
    grip.corner > 1 ? top : top + down,
    grip.corner % 2 ? right + across : right,
    grip.corner > 1 ? bottom + down : bottom,
  ]);
}

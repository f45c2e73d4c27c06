/**
 * What a person changes about a redaction: boxes over time, tracks that stay clear. Pure: every
 * change gives new edits. The server interpolates by the same rule (`edits.py`).
 */

/** Left, top, right, bottom; shares of the picture, 0 to 1. */
export type Place = readonly [number, number, number, number];

export interface Keyframe {
  /** Number of the picture, from 0. */
  readonly at: number;
  readonly box: Place;
}

/** Covered from `first` to `last`, both included; moves evenly between keyframes. */
export interface DrawnBox {
  readonly id: number;
  readonly first: number;
  readonly last: number;
  readonly keys: readonly Keyframe[];
}

export interface ClearTrack {
  readonly track: number;
  readonly kind: string;
  readonly since_us: number;
}

export interface Edits {
  readonly boxes: readonly DrawnBox[];
  readonly clear: readonly ClearTrack[];
}

export const NO_EDITS: Edits = { boxes: [], clear: [] };

/** Smaller boxes are slips of the hand; larger than what the server refuses. */
export const LEAST_SIDE = 0.004;

/** Where a box is in a picture; null when it is not there. */
export function placeAt(box: DrawnBox, picture: number): Place | null {
  if (picture < box.first || picture > box.last) return null;
  const before = box.keys.findLast((key) => key.at <= picture);
  const after = box.keys.find((key) => key.at >= picture);
  if (!before || !after || before.at === after.at) return (before ?? after)?.box ?? null;
  const share = (picture - before.at) / (after.at - before.at);
  const between = (edge: 0 | 1 | 2 | 3): number =>
    before.box[edge] + (after.box[edge] - before.box[edge]) * share;
  return [between(0), between(1), between(2), between(3)];
}

/** The place moved or cut so that it lies in the picture and has an area. */
export function inside([left, top, right, bottom]: Place): Place {
  const span = (a: number, b: number): [number, number] => {
    const [low, high] = [Math.min(a, b), Math.max(a, b)];
    const start = Math.min(Math.max(low, 0), 1 - LEAST_SIDE);
    return [round(start), round(Math.min(Math.max(high, start + LEAST_SIDE), 1))];
  };
  const [l, r] = span(left, right);
  const [t, b] = span(top, bottom);
  return [l, t, r, b];
}

/** The place moved without a change of size, as far as the picture goes. */
export function moved([left, top, right, bottom]: Place, across: number, down: number): Place {
  const x = Math.min(Math.max(across, -left), 1 - right);
  const y = Math.min(Math.max(down, -top), 1 - bottom);
  return inside([left + x, top + y, right + x, bottom + y]);
}

export function boxOf(edits: Edits, id: number | null): DrawnBox | null {
  return edits.boxes.find((box) => box.id === id) ?? null;
}

/** A new box that stays until `last`; too much is covered rather than too little. */
export function withBox(edits: Edits, first: number, last: number, box: Place): { edits: Edits; id: number } {
  const id = Math.max(0, ...edits.boxes.map((each) => each.id)) + 1;
  const drawn = { id, first, last, keys: [{ at: first, box: inside(box) }] };
  return { edits: { ...edits, boxes: [...edits.boxes, drawn] }, id };
}

export function withoutBox(edits: Edits, id: number): Edits {
  return { ...edits, boxes: edits.boxes.filter((box) => box.id !== id) };
}

/** Puts a box somewhere in one picture; a picture beyond its ends makes it last longer. */
export function withKey(edits: Edits, id: number, at: number, box: Place): Edits {
  return changed(edits, id, (each) => ({
    ...each,
    first: Math.min(each.first, at),
    last: Math.max(each.last, at),
    keys: [...each.keys.filter((key) => key.at !== at), { at, box: inside(box) }].sort((a, b) => a.at - b.at),
  }));
}

/** Takes a keyframe away; the only one stays. */
export function withoutKey(edits: Edits, id: number, at: number): Edits {
  return changed(edits, id, (each) =>
    each.keys.length > 1 ? { ...each, keys: each.keys.filter((key) => key.at !== at) } : each,
  );
}

/** Begins a box at a picture: it stands there where it would have been. */
export function startingAt(edits: Edits, id: number, at: number): Edits {
  return changed(edits, id, (each) => cut(each, Math.min(at, each.last), each.last));
}

/** Ends a box with a picture. */
export function endingAt(edits: Edits, id: number, at: number): Edits {
  return changed(edits, id, (each) => cut(each, each.first, Math.max(at, each.first)));
}

export function withClear(edits: Edits, track: ClearTrack, clear: boolean): Edits {
  const others = edits.clear.filter((each) => each.track !== track.track);
  const { track: number, kind, since_us } = track;
  return { ...edits, clear: clear ? [...others, { track: number, kind, since_us }] : others };
}

export function isClear(edits: Edits, track: number): boolean {
  return edits.clear.some((each) => each.track === track);
}

/** New ends; keyframes beyond them give way to one at the end, so that nothing moves. */
function cut(box: DrawnBox, first: number, last: number): DrawnBox {
  const keys = new Map(box.keys.filter((key) => key.at >= first && key.at <= last).map((key) => [key.at, key]));
  const hold = (at: number): void => {
    const place = placeAt(box, at);
    if (place && !keys.has(at)) keys.set(at, { at, box: inside(place) });
  };
  if (box.keys.some((key) => key.at < first)) hold(first);
  if (box.keys.some((key) => key.at > last)) hold(last);
  return { ...box, first, last, keys: [...keys.values()].sort((a, b) => a.at - b.at) };
}

function changed(edits: Edits, id: number, change: (box: DrawnBox) => DrawnBox): Edits {
  return { ...edits, boxes: edits.boxes.map((box) => (box.id === id ? change(box) : box)) };
}

/** A hundredth of a pixel of the largest film is exact enough, and short in the file. */
function round(share: number): number {
  return Math.round(share * 1e6) / 1e6;
}

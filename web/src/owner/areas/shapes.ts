/** Outlines of areas: whole numbers, 1/10000 of the picture, as they are signed (`model/areas.py`). */

export const SCALE = 10_000;
export const MOST_AREAS = 32;
export const MOST_CORNERS = 32;
export const LEAST_CORNERS = 3;

/** From the left and upper edge. */
export type Corner = readonly [number, number];
export type Corners = readonly Corner[];

/** Why an outline cannot be taken. */
export type Fault = 'few' | 'many' | 'crosses';

const within = (value: number): number => Math.min(Math.max(Math.round(value), 0), SCALE);

/** The nearest corner in the picture. */
export function inside([x, y]: Corner): Corner {
  return [within(x), within(y)];
}

export function same(a: Corner, b: Corner): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

/** Why the site would refuse an outline; null when it would not. */
export function faultOf(corners: Corners): Fault | null {
  if (corners.length < LEAST_CORNERS) return 'few';
  if (corners.length > MOST_CORNERS) return 'many';
  return crosses(corners) ? 'crosses' : null;
}

/** Moves an area as a whole, no further than its first corner meets the picture's edge. */
export function moved(corners: Corners, across: number, down: number): Corners {
  const room = (axis: 0 | 1, by: number): number => {
    const values = corners.map((corner) => corner[axis]);
    return Math.min(Math.max(by, -Math.min(...values)), SCALE - Math.max(...values));
  };
  const [x, y] = [Math.round(room(0, across)), Math.round(room(1, down))];
  return corners.map((corner): Corner => [corner[0] + x, corner[1] + y]);
}

/** A new corner in the middle of the edge that begins at `index`. */
export function between(corners: Corners, index: number): Corner {
  const [a, b] = [corners[index] ?? [0, 0], corners[(index + 1) % corners.length] ?? [0, 0]];
  return inside([(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]);
}

/** Where an area's name stands: the middle of its corners. */
export function middle(corners: Corners): Corner {
  const sum = corners.reduce<readonly [number, number]>(([x, y], each) => [x + each[0], y + each[1]], [0, 0]);
  return inside([sum[0] / Math.max(corners.length, 1), sum[1] / Math.max(corners.length, 1)]);
}

/** Share of the picture, 0 to 1. */
export function share(corners: Corners): number {
  const twice = corners.reduce((sum, [x, y], index) => {
    const [nextX, nextY] = corners[(index + 1) % corners.length] ?? [x, y];
    return sum + x * nextY - nextX * y;
  }, 0);
  return Math.abs(twice) / 2 / (SCALE * SCALE);
}

/** Whether an outline meets itself; one without area does. */
function crosses(corners: Corners): boolean {
  const at = (index: number): Corner => corners[index % corners.length] ?? [0, 0];
  const count = corners.length;
  for (let first = 0; first < count; first += 1) {
    const [a, b, c] = [at(first), at(first + 1), at(first + 2)];
    if (same(a, b) || turnsBack(a, b, c)) return true;
    for (let other = first + 2; other < count - (first === 0 ? 1 : 0); other += 1) {
      if (meet(a, b, at(other), at(other + 1))) return true;
    }
  }
  return false;
}

/** Twice the signed area of a triangle; exact, for these are whole and below 2^53. */
function turn(a: Corner, b: Corner, c: Corner): number {
  return Math.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]));
}

function turnsBack(a: Corner, b: Corner, c: Corner): boolean {
  const ahead = (b[0] - a[0]) * (c[0] - b[0]) + (b[1] - a[1]) * (c[1] - b[1]);
  return turn(a, b, c) === 0 && ahead < 0;
}

function meet(a: Corner, b: Corner, c: Corner, d: Corner): boolean {
  const [abc, abd, cda, cdb] = [turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b)];
  if (abc * abd < 0 && cda * cdb < 0) return true;
  const touches = (side: number, start: Corner, end: Corner, point: Corner): boolean =>
    side === 0 && ([0, 1] as const).every((axis) => isBetween(start[axis], end[axis], point[axis]));
  return touches(abc, a, b, c) || touches(abd, a, b, d) || touches(cda, c, d, a) || touches(cdb, c, d, b);
}

function isBetween(start: number, end: number, value: number): boolean {
  return Math.min(start, end) <= value && value <= Math.max(start, end);
}

import type { Camera, LonLat } from '$lib/types';

/** Axis-aligned piece of the map, degrees. */
export interface Bounds {
  readonly west: number;
  readonly south: number;
  readonly east: number;
  readonly north: number;
}

/** Several cameras drawn as one bubble. */
export interface Bubble {
  readonly at: LonLat;
  readonly count: number;
  /** How many of them are shared now. */
  readonly shared: number;
  readonly bounds: Bounds;
}

export interface Near {
  readonly camera: Camera;
  /** Metres. */
  readonly distance: number;
}

const METRES_PER_DEGREE = 111_195;
const TILE = 512;
const CELL_PX = 52;
const TOUCH_PX = 40;
/** From this zoom on every camera stands for itself. */
export const ALONE_ZOOM = 16.25;

function mercatorX(lon: number): number {
  return lon / 360 + 0.5;
}

function mercatorY(lat: number): number {
  const sine = Math.sin((lat * Math.PI) / 180);
  return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
}

class Cell {
  readonly members: number[] = [];
  x = 0;
  y = 0;

  add(index: number, x: number, y: number): void {
    const count = this.members.push(index);
    this.x += (x - this.x) / count;
    this.y += (y - this.y) / count;
  }

  take(other: Cell): void {
    const all = this.members.length + other.members.length;
    this.x += ((other.x - this.x) * other.members.length) / all;
    this.y += ((other.y - this.y) * other.members.length) / all;
    this.members.push(...other.members);
  }
}

/**
 * All cameras in flat arrays. Questions are linear scans: at 100,000 cameras one takes a few
 * milliseconds, and nothing has to be rebuilt when a selection changes.
 */
export class CameraIndex {
  readonly cameras: readonly Camera[];
  readonly #x: Float64Array;
  readonly #y: Float64Array;

  constructor(cameras: readonly Camera[]) {
    this.cameras = cameras;
    this.#x = Float64Array.from(cameras, (camera) => camera.at[0]);
    this.#y = Float64Array.from(cameras, (camera) => camera.at[1]);
  }

  /** Cameras at most `metres` from `center`, nearest first. */
  within(center: LonLat, metres: number): Near[] {
    const perLon = METRES_PER_DEGREE * Math.cos((center[1] * Math.PI) / 180);
    const found: Near[] = [];
    const limit = metres * metres;
    for (let index = 0; index < this.#x.length; index++) {
      const east = (this.#x[index]! - center[0]) * perLon;
      const north = (this.#y[index]! - center[1]) * METRES_PER_DEGREE;
      const square = east * east + north * north;
      if (square > limit) continue;
      found.push({ camera: this.cameras[index]!, distance: Math.sqrt(square) });
    }
    return found.sort((a, b) => a.distance - b.distance);
  }

  /** Cameras inside the bounds, at most `limit` + 1 of them, so that "too many" can be told. */
  inside(bounds: Bounds, limit: number): Camera[] {
    const found: Camera[] = [];
    for (let index = 0; index < this.#x.length && found.length <= limit; index++) {
      if (this.#covers(bounds, index)) found.push(this.cameras[index]!);
    }
    return found;
  }

  /**
   * Splits what is in view into single cameras and bubbles. `drawn` names cameras that are
   * drawn by themselves anyway; no bubble counts them.
   */
  gather(
    bounds: Bounds,
    zoom: number,
    drawn: ReadonlySet<string>,
  ): { singles: Camera[]; bubbles: Bubble[] } {
    const visible = this.#visible(bounds, drawn);
    if (zoom >= ALONE_ZOOM) {
      return { singles: visible.map((index) => this.cameras[index]!), bubbles: [] };
    }
    const singles: Camera[] = [];
    const bubbles: Bubble[] = [];
    for (const cell of this.#cells(visible, TILE * 2 ** zoom)) {
      if (cell.members.length === 1) singles.push(this.cameras[cell.members[0]!]!);
      else bubbles.push(this.#bubble(cell.members));
    }
    return { singles, bubbles };
  }

  #covers(bounds: Bounds, index: number): boolean {
    const x = this.#x[index]!;
    const y = this.#y[index]!;
    return x >= bounds.west && x <= bounds.east && y >= bounds.south && y <= bounds.north;
  }

  #visible(bounds: Bounds, drawn: ReadonlySet<string>): number[] {
    const found: number[] = [];
    for (let index = 0; index < this.#x.length; index++) {
      if (this.#covers(bounds, index) && !drawn.has(this.cameras[index]!.id)) found.push(index);
    }
    return found;
  }

  /** Puts cameras into square cells of the world, then joins cells whose bubbles would touch. */
  #cells(visible: readonly number[], worldPx: number): Cell[] {
    const cells = new Map<number, Cell>();
    const columns = Math.ceil(worldPx / CELL_PX);
    for (const index of visible) {
      const x = mercatorX(this.#x[index]!) * worldPx;
      const y = mercatorY(this.#y[index]!) * worldPx;
      const key = Math.floor(y / CELL_PX) * columns + Math.floor(x / CELL_PX);
      let cell = cells.get(key);
      if (!cell) cells.set(key, (cell = new Cell()));
      cell.add(index, x, y);
    }
    return joined(cells, columns);
  }

  #bubble(members: readonly number[]): Bubble {
    let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
    let [lon, lat, shared] = [0, 0, 0];
    for (const index of members) {
      const x = this.#x[index]!;
      const y = this.#y[index]!;
      west = Math.min(west, x);
      east = Math.max(east, x);
      south = Math.min(south, y);
      north = Math.max(north, y);
      lon += x / members.length;
      lat += y / members.length;
      if (this.cameras[index]!.state === 'shared') shared += 1;
    }
    return { at: [lon, lat], count: members.length, shared, bounds: { west, south, east, north } };
  }
}

/** Joins each cell with smaller neighbours whose middle is nearer than a bubble is wide. */
function joined(cells: Map<number, Cell>, columns: number): Cell[] {
  const bySize = [...cells].sort((a, b) => b[1].members.length - a[1].members.length);
  const kept: Cell[] = [];
  for (const [key, cell] of bySize) {
    if (!cells.delete(key)) continue;
    for (const step of [-columns - 1, -columns, -columns + 1, -1, 1, columns - 1, columns, columns + 1]) {
      const other = cells.get(key + step);
      if (!other || Math.hypot(other.x - cell.x, other.y - cell.y) > TOUCH_PX) continue;
      cells.delete(key + step);
      cell.take(other);
    }
    kept.push(cell);
  }
  return kept;
}

/** One camera's areas while somebody draws: what there is, what is chosen, and the way back. */

import { History } from '../../review/history';
import { between, type Corner, type Corners, type Fault, faultOf, inside, MOST_AREAS, MOST_CORNERS, moved, SCALE, same } from './shapes';

export const KINDS = ['mask', 'children'] as const;
export type Kind = (typeof KINDS)[number];

export interface Area {
  /** Stays with it while it is changed. */
  readonly id: number;
  readonly kind: Kind;
  readonly corners: Corners;
}

/** As the site tells and takes them. */
export interface Outlines {
  readonly masks: readonly Corners[];
  readonly children: readonly Corners[];
}

/** An area that is being drawn, and where the next corner would be. */
export interface Pen {
  readonly kind: Kind;
  readonly corners: Corners;
  readonly at: Corner;
}

/** What saving would do, in numbers. */
export interface Changes {
  readonly added: Readonly<Record<Kind, number>>;
  readonly removed: Readonly<Record<Kind, number>>;
  readonly changed: number;
}

const CENTRE: Corner = [SCALE / 2, SCALE / 2];
/** A tap this near to the first corner closes the outline, 1/10000. */
const NEAR = 250;

export class Sketch {
  areas = $state.raw<readonly Area[]>([]);
  chosen = $state<number | null>(null);
  pen = $state.raw<Pen | null>(null);
  canUndo = $state(false);
  canRedo = $state(false);
  /** Number of the drawing that this one would replace. */
  revision: number;
  #saved = $state.raw<readonly Area[]>([]);
  readonly #history: History<readonly Area[]>;
  #next = 1;

  constructor(revision: number, drawn: Outlines) {
    this.revision = revision;
    this.#saved = this.#taken(drawn);
    this.areas = this.#saved;
    this.#history = new History(this.areas);
  }

  // Plain getters: a sketch outlives the part of the page that first asked for it.

  /** The first area that cannot be saved as it is. */
  get fault(): { readonly area: Area; readonly fault: Fault } | null {
    for (const area of this.areas) {
      const fault = faultOf(area.corners);
      if (fault !== null) return { area, fault };
    }
    return null;
  }

  get changes(): Changes {
    return changesOf(this.#saved, this.areas);
  }

  get dirty(): boolean {
    const { added, removed, changed } = this.changes;
    return added.mask + added.children + removed.mask + removed.children + changed > 0;
  }

  get area(): Area | null {
    return this.areas.find(({ id }) => id === this.chosen) ?? null;
  }

  get full(): boolean {
    return this.areas.length >= MOST_AREAS;
  }

  outlines(): Outlines {
    const of = (kind: Kind): Corners[] => this.areas.filter((area) => area.kind === kind).map(({ corners }) => corners);
    return { masks: of('mask'), children: of('children') };
  }

  /** Begins an area; its corners follow. */
  begin(kind: Kind): void {
    if (this.full) return;
    this.chosen = null;
    this.pen = { kind, corners: [], at: CENTRE };
  }

  /** Moves where the next corner would be. */
  aim(across: number, down: number): void {
    if (this.pen) this.pen = { ...this.pen, at: inside([this.pen.at[0] + across, this.pen.at[1] + down]) };
  }

  /** Puts a corner there; on the first one it closes the outline. */
  tap(where: Corner): void {
    const { pen } = this;
    if (!pen) return;
    const at = inside(where);
    const [first] = pen.corners;
    const near = first !== undefined && Math.hypot(at[0] - first[0], at[1] - first[1]) <= NEAR;
    if (pen.corners.length >= 3 && near) return this.finish();
    if (pen.corners.some((corner) => same(corner, at))) return;
    const corners = [...pen.corners, at];
    this.pen = { ...pen, corners, at };
    if (corners.length >= MOST_CORNERS) this.finish();
  }

  /** Takes back the last corner that was put. */
  back(): void {
    if (this.pen) this.pen = { ...this.pen, corners: this.pen.corners.slice(0, -1) };
  }

  /** The outline is whole. */
  finish(): void {
    const { pen } = this;
    if (!pen || pen.corners.length < 3) return;
    const id = this.#next++;
    this.pen = null;
    this.#put([...this.areas, { id, kind: pen.kind, corners: pen.corners }]);
    this.chosen = id;
  }

  /** Leaves what is being drawn, or what is chosen. */
  cancel(): void {
    if (this.pen) this.pen = null;
    else this.chosen = null;
  }

  choose(id: number | null): void {
    this.pen = null;
    this.chosen = id;
  }

  setKind(id: number, kind: Kind): void {
    this.#change(id, (area) => ({ ...area, kind }));
  }

  /** Moves one corner by so much; moves of one `gesture` are undone together. */
  shift(index: number, across: number, down: number, gesture: string): void {
    const corner = this.area?.corners[index];
    if (corner) this.place(index, [corner[0] + across, corner[1] + down], gesture);
  }

  /** Puts a corner of the chosen area elsewhere. */
  place(index: number, where: Corner, gesture: string): void {
    this.#outline((corners) => corners.with(index, inside(where)), gesture);
  }

  /** Puts the chosen area where it was, moved by so much. */
  carry(from: Corners, across: number, down: number, gesture: string): void {
    this.#outline(() => moved(from, across, down), gesture);
  }

  /** Puts a corner after another one; returns its index, or null where there is no room. */
  split(index: number): number | null {
    const { area } = this;
    if (!area || area.corners.length >= MOST_CORNERS) return null;
    this.#outline((corners) => corners.toSpliced(index + 1, 0, between(corners, index)));
    return index + 1;
  }

  /** Takes a corner out; with the third last goes the area. */
  dropCorner(index: number): void {
    const { area } = this;
    if (!area) return;
    if (area.corners.length <= 3) return this.remove(area.id);
    this.#outline((corners) => corners.toSpliced(index, 1));
  }

  remove(id: number): void {
    this.#put(this.areas.filter((area) => area.id !== id));
    if (this.chosen === id) this.chosen = null;
  }

  undo(): void {
    this.#show(this.#history.undo());
  }

  redo(): void {
    this.#show(this.#history.redo());
  }

  /** What is shown is what the site has signed now. */
  saved(revision: number): void {
    this.revision = revision;
    this.#saved = this.areas;
  }

  /** Somebody else has drawn: theirs is shown, and ours is one step back. */
  replaced(revision: number, drawn: Outlines): void {
    this.revision = revision;
    this.#saved = this.#taken(drawn);
    this.pen = null;
    this.chosen = null;
    this.#put(this.#saved);
  }

  #taken({ masks, children }: Outlines): readonly Area[] {
    const made = (kind: Kind) => (corners: Corners): Area => ({ id: this.#next++, kind, corners });
    return [...masks.map(made('mask')), ...children.map(made('children'))];
  }

  #outline(change: (corners: Corners) => Corners, gesture: string | null = null): void {
    if (this.chosen !== null) this.#change(this.chosen, (area) => ({ ...area, corners: change(area.corners) }), gesture);
  }

  #change(id: number, change: (area: Area) => Area, gesture: string | null = null): void {
    this.#put(this.areas.map((area) => (area.id === id ? change(area) : area)), gesture);
  }

  #put(areas: readonly Area[], gesture: string | null = null): void {
    this.#history.push(areas, gesture);
    this.#show(areas);
  }

  #show(areas: readonly Area[]): void {
    this.areas = areas;
    this.pen = null;
    if (!areas.some(({ id }) => id === this.chosen)) this.chosen = null;
    this.canUndo = this.#history.canUndo;
    this.canRedo = this.#history.canRedo;
  }
}

function changesOf(before: readonly Area[], after: readonly Area[]): Changes {
  const count = (areas: readonly Area[], others: readonly Area[], kind: Kind): number =>
    areas.filter((area) => area.kind === kind && !others.some(({ id }) => id === area.id)).length;
  const changed = after.filter((area) => {
    const old = before.find(({ id }) => id === area.id);
    return old !== undefined && old !== area && JSON.stringify(old) !== JSON.stringify(area);
  });
  return {
    added: { mask: count(after, before, 'mask'), children: count(after, before, 'children') },
    removed: { mask: count(before, after, 'mask'), children: count(before, after, 'children') },
    changed: changed.length,
  };
}

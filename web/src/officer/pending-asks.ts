/**
 * What owners have been asked and have not answered, kept by this browser: a page that is loaded
 * again, or a second window, joins the request instead of putting the same before the owner twice.
 */

import type { Asked } from '$lib/secure/release';
import * as is from '$lib/secure/shape';
import { accessRequest } from '$lib/secure/statements';

export type Notes = Pick<Storage, 'getItem' | 'setItem'>;

/** What a wish and a request are compared by. */
export interface Subject {
  readonly node: string;
  readonly camera: string;
  readonly view: string;
  readonly rendition: string;
  readonly incident: string;
  /** Recorded range, microseconds, end exclusive; null for live. */
  readonly fromUs: number | null;
  readonly untilUs: number | null;
  /** Whom to see clear; undefined for whole renditions. */
  readonly track: number | undefined;
}

const NAME = 'handfast.pendingAsks';
const kept = is.list(is.exactly({ statement: accessRequest.read, hash: is.key32, untilUs: is.count }));
type Kept = is.Read<typeof kept>;

/**
 * Whether an answer to `open` answers `wish` too: all ranges end when they are asked for. One person
 * is known by a number that counts in exactly that range.
 */
export function covers(open: Subject, wish: Subject): boolean {
  const same = (['node', 'camera', 'view', 'rendition', 'incident', 'track'] as const).every((name) => open[name] === wish[name]);
  if (!same) return false;
  if (wish.track !== undefined) return open.fromUs === wish.fromUs && open.untilUs === wish.untilUs;
  return open.fromUs === null || wish.fromUs === null ? open.fromUs === wish.fromUs : open.fromUs <= wish.fromUs;
}

export class PendingAsks {
  readonly #notes: Notes;
  readonly #nowUs: () => number;

  constructor(notes: Notes, nowUs: () => number) {
    this.#notes = notes;
    this.#nowUs = nowUs;
  }

  /** A request of `device` that waits for the same answer; null when there is none. */
  find(wish: Subject, device: string): Asked | null {
    const found = this.#read().find(({ statement }) => {
      const { node, camera, view, rendition, incident, from_us: fromUs, until_us: untilUs, track } = statement;
      const subject = { node, camera, view, rendition, incident, fromUs, untilUs, track };
      return statement.device === device && covers(subject, wish);
    });
    return found ?? null;
  }

  /** Keeps a request until it is answered, or `untilUs` has passed. */
  add({ statement, hash }: Asked, untilUs: number): void {
    this.#write([...this.#read().filter((each) => each.hash !== hash), { statement, hash, untilUs }]);
  }

  remove(hash: string): void {
    this.#write(this.#read().filter((each) => each.hash !== hash));
  }

  #read(): Kept {
    try {
      const all = kept(JSON.parse(this.#notes.getItem(NAME) ?? '[]'), NAME);
      return all.filter(({ untilUs }) => this.#nowUs() < untilUs);
    } catch {
      return []; // of another version, or not ours
    }
  }

  #write(asks: Kept): void {
    this.#notes.setItem(NAME, JSON.stringify(asks));
  }
}

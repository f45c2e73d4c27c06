/** Groups of pictures from the hub: fetched once, kept a while. */

import { type Bytes, concat } from '../secure/bytes';
import type { RecordedKeys } from '../secure/recorded-keys';
import { Refused } from '../secure/refused';
import type { ManifestRun } from '../secure/statements';
import { PlainGroup } from './plain-group';
import type { Group } from './timeline';

/** Bytes `[offset, offset + length)` of a segment, `length` at most 1 MiB. */
export type FetchBytes = (segment: string, offset: number, length: number, signal: AbortSignal) => Promise<Bytes>;

const PIECE = 1 << 20;
/** About 1 MB each at 4 Mbit/s and 2 s. */
const GROUPS_KEPT = 12;

export class GroupSource {
  readonly #fetch: FetchBytes;
  readonly #keys: RecordedKeys;
  readonly #kept = new Map<Group, PlainGroup>();

  constructor(fetch: FetchBytes, keys: RecordedKeys) {
    this.#fetch = fetch;
    this.#keys = keys;
  }

  async load(group: Group, signal: AbortSignal): Promise<PlainGroup> {
    const known = this.#kept.get(group);
    if (known !== undefined) {
      this.#kept.delete(group);
      this.#kept.set(group, known);
      return known;
    }
    const bytes = await this.#bytesOf(group, signal);
    const plain = await PlainGroup.open(group, bytes, this.#keys);
    signal.throwIfAborted();
    this.#kept.set(group, plain);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= GROUPS_KEPT) break;
      this.#kept.delete(oldest);
    }
    return plain;
  }

  /** Forgets all pictures; for the end of a grant. */
  clear(): void {
    this.#kept.clear();
  }

  async #bytesOf(group: Group, signal: AbortSignal): Promise<Bytes> {
    const [first, last] = [group.runs[0] as ManifestRun, group.runs.at(-1) as ManifestRun];
    const until = last.offset + last.length;
    const pieces: Promise<Bytes>[] = [];
    for (let offset = first.offset; offset < until; offset += PIECE) {
      const length = Math.min(PIECE, until - offset);
      pieces.push(this.#fetch(group.segment.sealing.segment, offset, length, signal));
    }
    const bytes = concat(...(await Promise.all(pieces)));
    if (bytes.length !== until - first.offset) throw new Refused('malformed', 'the hub sent less than was asked for');
    return bytes;
  }
}

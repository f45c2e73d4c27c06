/** Hashes of runs as they came over the wire, held against what the node signed. */

import { b64, type Bytes, concat, sha256 } from '../secure/bytes';

const KEPT = 16;

/** Whether the bytes that came are those that the node sealed. */
export type Authentic = 'unknown' | 'yes' | 'no';

/**
 * Only runs that came whole count. A key holder could forge units for others (AES-GCM proves
 * nothing about who sealed); a signed run hash cannot be forged.
 */
export class RunHashes {
  readonly #came = new Map<string, string>();
  readonly #signed = new Map<string, string>();
  #verdict: Authentic = 'unknown';

  /** Once `no`, it stays so for this view. */
  get verdict(): Authentic {
    return this.#verdict;
  }

  /** A run has ended: hash its record and units in order. */
  async finished(segment: string, run: number, parts: readonly Bytes[]): Promise<void> {
    const hash = b64(await sha256(concat(...parts)));
    keep(this.#came, `${segment}/${run}`, hash);
    this.#compare(`${segment}/${run}`);
  }

  /** The node's signed word about a finished run. */
  claimed(segment: string, run: number, hash: string): void {
    keep(this.#signed, `${segment}/${run}`, hash);
    this.#compare(`${segment}/${run}`);
  }

  /** Ciphertext that did not open, or a key that did not fit. */
  broken(): void {
    this.#verdict = 'no';
  }

  #compare(name: string): void {
    const [came, signed] = [this.#came.get(name), this.#signed.get(name)];
    if (came === undefined || signed === undefined || this.#verdict === 'no') return;
    this.#verdict = came === signed ? 'yes' : 'no';
  }
}

function keep(map: Map<string, string>, name: string, hash: string): void {
  map.set(name, hash);
  for (const oldest of map.keys()) {
    if (map.size <= KEPT) break;
    map.delete(oldest);
  }
}

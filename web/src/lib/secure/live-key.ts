/** Run keys of a live view: unwrapped under the grant's key, and only inside proven windows. */

import { type Bytes, concat, u32, unb64, utf8, uuidBytes } from './bytes';
import type { TrustedNode } from './chain';
import { open } from './envelope';
import type { WrappedKey } from './live-frames';
import { proveEntry, requireEntry } from './log-proof';
import { asRefused, Refused } from './refused';
import type { FirstWindow } from './release';
import { releaseWindow } from './statements';

const LABEL = utf8('handfast/v1/live');
/** Windows are 10 s long; old ones are of no use once their runs were opened. */
const WINDOWS_KEPT = 64;

/** A run lies within one second; the one in progress when a window opened began before it. */
const IN_PROGRESS_US = 1_500_000;

export class LiveKeys {
  readonly #grant: string;
  readonly #node: TrustedNode;
  readonly #key: CryptoKey;
  #windows: readonly FirstWindow[];

  private constructor(grant: string, node: TrustedNode, key: CryptoKey, first: FirstWindow) {
    this.#grant = grant;
    this.#node = node;
    this.#key = key;
    this.#windows = [first];
  }

  /** Starts with the window that the decision's proven entry opens. */
  static async of(grant: string, node: TrustedNode, liveKey: Bytes, first: FirstWindow): Promise<LiveKeys> {
    const key = await crypto.subtle.importKey('raw', liveKey, 'AES-GCM', false, ['decrypt']);
    return new LiveKeys(grant, node, key, first);
  }

  /** Accepts a window after checking the node's signature and the entry in the owner's log. */
  async admit(envelope: unknown): Promise<void> {
    const { statement } = await open(envelope, releaseWindow, this.#node.ring);
    const { node, grant, window, from_us, until_us } = statement;
    if (node !== this.#node.id || grant !== this.#grant) {
      throw new Refused('not-ours', 'the release window belongs to another grant');
    }
    // Window 0 is the decision's own entry, which was proven when the decision was opened.
    if (window === 0) return;
    const proven = await proveEntry(statement.log, this.#node.log);
    requireEntry(proven, { kind: 'window', grant, window, from_us, until_us });
    this.#windows = [...this.#windows, { from_us, until_us }].slice(-WINDOWS_KEPT);
  }

  /** Whether a run that began at `startUs` lies in a window that was proven to be logged. */
  covers(startUs: number): boolean {
    return this.#windows.some(
      ({ from_us, until_us }) => from_us - IN_PROGRESS_US <= startUs && startUs < until_us,
    );
  }

  /** The raw key of a run that began at `startUs`; refuses outside every proven window. */
  async unwrap(key: WrappedKey, startUs: number): Promise<Bytes> {
    if (!this.covers(startUs)) {
      throw new Refused('bad-proof', 'a key came for pictures that no log entry explains');
    }
    const form = { name: 'AES-GCM', iv: liveNonce(key.counter), additionalData: liveAad(this.#grant, key) };
    try {
      return new Uint8Array(await crypto.subtle.decrypt(form, this.#key, key.wrapped));
    } catch (error) {
      throw asRefused(error, 'bad-seal', `the key of run ${key.run} is not of this grant`);
    }
  }
}

export function liveNonce(counter: number): Bytes {
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setBigUint64(4, BigInt(counter));
  return nonce;
}

export function liveAad(grant: string, key: Pick<WrappedKey, 'segment' | 'run' | 'leaf'>): Bytes {
  return concat(LABEL, uuidBytes(grant), unb64(key.segment), u32(key.run), u32(key.leaf));
}

/** The key tree of a period and the keys that hang from it (segment-format.md, "Keys"). */

import { type Bytes, concat, u32, utf8, uuidBytes } from './bytes';
import { Refused } from './refused';
import { type Rendition, renditionCode } from './rendition';
import type { Stream } from './statements';

export const DEPTH = 17;
export const LEAVES = 2 ** DEPTH;
/** The most nodes that a range of one period can need. */
export const COVER_NODES = 32;

/** One node of the tree: opens the `2^(17-depth)` leaves below it. */
export interface TreeNode {
  readonly depth: number;
  readonly index: number;
  readonly key: Bytes;
}

const HMAC = { name: 'HMAC', hash: 'SHA-256' } as const;
const RUN = utf8('handfast/v1/run');
const COMMIT = utf8('handfast/v1/commit');

async function child(key: Bytes, bit: number): Promise<Bytes> {
  const mac = await crypto.subtle.importKey('raw', key, HMAC, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', mac, Uint8Array.of(bit)));
}

/** HKDF-SHA256 without salt, 32 bytes (RFC 5869). */
async function hkdf(key: Bytes, info: Bytes): Promise<Bytes> {
  const ikm = await crypto.subtle.importKey('raw', key, 'HKDF', false, ['deriveBits']);
  const form = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info };
  return new Uint8Array(await crypto.subtle.deriveBits(form, ikm, 256));
}

/** Names a camera's stream and rendition in 18 bytes. */
export function streamLabel(camera: string, stream: Stream, rendition: Rendition): Bytes {
  return concat(uuidBytes(camera), Uint8Array.of(stream === 'main' ? 0 : 1, renditionCode(rendition)));
}

export function runKey(leaf: Bytes, label: Bytes, segment: Bytes, run: number): Promise<Bytes> {
  return hkdf(leaf, concat(RUN, label, segment, u32(run)));
}

/** What a run record holds so that no other key can open the run (AES-GCM alone allows it). */
export function commitmentOf(key: Bytes): Promise<Bytes> {
  return hkdf(key, COMMIT);
}

/** Derives leaves from the nodes of a cover, keeping the path to the last leaf. */
export class Cover {
  readonly #nodes: readonly TreeNode[];
  /** Keys on the path to the last leaf, by `depth/index`; replaced as a whole. */
  #path = new Map<string, Bytes>();

  constructor(nodes: readonly TreeNode[]) {
    if (nodes.length > COVER_NODES) throw new Refused('malformed', 'a cover has at most 32 nodes');
    for (const { depth, index, key } of nodes) {
      if (depth > DEPTH || index >= 2 ** depth || key.length !== 32) {
        throw new Refused('malformed', 'a node of a cover lies outside the tree');
      }
    }
    this.#nodes = nodes;
  }

  reaches(leaf: number): boolean {
    return this.#above(leaf) !== undefined;
  }

  /** The key of second `leaf`; refuses what the cover does not open. */
  async leaf(leaf: number): Promise<Bytes> {
    const top = this.#above(leaf);
    if (top === undefined) throw new Refused('no-key', `second ${leaf} of the period was not released`);
    const path = new Map<string, Bytes>();
    let key = top.key;
    for (let depth = top.depth + 1; depth <= DEPTH; depth += 1) {
      const index = leaf >>> (DEPTH - depth);
      const name = `${depth}/${index}`;
      key = this.#path.get(name) ?? (await child(key, index & 1));
      path.set(name, key);
    }
    this.#path = path;
    return key;
  }

  #above(leaf: number): TreeNode | undefined {
    if (!Number.isInteger(leaf) || leaf < 0 || leaf >= LEAVES) return undefined;
    return this.#nodes.find(({ depth, index }) => leaf >>> (DEPTH - depth) === index);
  }
}

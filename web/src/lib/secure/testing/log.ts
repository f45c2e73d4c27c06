/** A log small enough to prove by hand; the tests' other side of `tlog.ts`. */

import { b64, base64, type Bytes, concat, sha256, utf8 } from '../bytes';
import { canonical, type Json } from '../canonical';
import type { LogProof } from '../statements';
import { checkpointText, keyHashOf, leafHash, nodeHash, treeRoot } from '../tlog';
import { unhex } from '../bytes';

export class TestLog {
  readonly leaves: Bytes[] = [];
  readonly #key: CryptoKeyPair;
  #salt = 0;

  private constructor(
    key: CryptoKeyPair,
    readonly origin: string,
    readonly vkey: string,
    readonly keyHash: string,
  ) {
    this.#key = key;
  }

  static async create(origin = 'kallio.example/log'): Promise<TestLog> {
    const key = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair;
    const raw = new Uint8Array(await crypto.subtle.exportKey('raw', key.publicKey));
    const typed = concat(Uint8Array.of(1), raw);
    const keyHash = await keyHashOf(origin, typed);
    return new TestLog(key, origin, `${origin}+${keyHash}+${base64(typed)}`, keyHash);
  }

  /** Appends an entry and proves it under a checkpoint of the whole log. */
  async append(entry: Json): Promise<LogProof> {
    const salt = new Uint8Array(32).fill((this.#salt += 1));
    const bytes = canonical(entry);
    const index = this.leaves.push(await leafHash(await sha256(concat(salt, bytes)))) - 1;
    return {
      origin: this.origin,
      index,
      salt: b64(salt),
      entry: b64(bytes),
      size: this.leaves.length,
      hashes: (await inclusionPath(index, this.leaves)).map(b64),
      checkpoint: await this.checkpoint(),
    };
  }

  async checkpoint(): Promise<string> {
    const root = await treeRoot(this.leaves);
    return this.signed(checkpointText({ origin: this.origin, size: this.leaves.length, root }));
  }

  async signed(body: string): Promise<string> {
    const signature = new Uint8Array(await crypto.subtle.sign('Ed25519', this.#key.privateKey, utf8(body)));
    return `${body}\n\u2014 ${this.origin} ${base64(concat(unhex(this.keyHash), signature))}\n`;
  }
}

/** The largest power of two below `size`; RFC 9162 2.1.1 splits there. */
function split(size: number): number {
  let at = 1;
  while (at * 2 < size) at *= 2;
  return at;
}

/** RFC 9162 2.1.3.1, by its recursive definition. */
export async function inclusionPath(index: number, leaves: readonly Bytes[]): Promise<Bytes[]> {
  if (leaves.length <= 1) return [];
  const at = split(leaves.length);
  const [left, right] = [leaves.slice(0, at), leaves.slice(at)];
  return index < at
    ? [...(await inclusionPath(index, left)), await treeHash(right)]
    : [...(await inclusionPath(index - at, right)), await treeHash(left)];
}

/** RFC 9162 2.1.4.1, by its recursive definition. */
export async function consistencyPath(first: number, leaves: readonly Bytes[], whole = true): Promise<Bytes[]> {
  if (first === leaves.length) return whole ? [] : [await treeHash(leaves)];
  const at = split(leaves.length);
  const [left, right] = [leaves.slice(0, at), leaves.slice(at)];
  return first <= at
    ? [...(await consistencyPath(first, left, whole)), await treeHash(right)]
    : [...(await consistencyPath(first - at, right, false)), await treeHash(left)];
}

/** RFC 9162 2.1.1, by its recursive definition; not the way the product computes it. */
export async function treeHash(leaves: readonly Bytes[]): Promise<Bytes> {
  if (leaves.length === 0) return sha256(new Uint8Array(0));
  if (leaves.length === 1) return leaves[0] as Bytes;
  const at = split(leaves.length);
  return nodeHash(await treeHash(leaves.slice(0, at)), await treeHash(leaves.slice(at)));
}

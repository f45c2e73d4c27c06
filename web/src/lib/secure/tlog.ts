/** Proofs of an append-only log: RFC 9162 trees under C2SP signed-note checkpoints. */

import { base64, type Bytes, concat, equal, hex, sha256, unbase64, utf8 } from './bytes';
import { Refused } from './refused';

/** The root of a log of `size` leaves, as its signed note says. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Bytes;
}

/** A log's public key in the note format: `name+hash+base64(algorithm || key)`. */
export interface Verifier {
  readonly name: string;
  readonly keyHash: string;
  readonly key: CryptoKey;
}

const ED25519 = 0x01;
const VKEY = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/;
const SIGNATURE_LINE = /^\u2014 (\S+) (\S+)$/;
const SIZE = /^(?:0|[1-9][0-9]{0,15})$/;

function badProof(message: string): Refused {
  return new Refused('bad-proof', message);
}

/** RFC 9162 2.1.1: leaves and nodes are hashed with different first bytes. */
export function leafHash(data: Bytes): Promise<Bytes> {
  return sha256(concat(Uint8Array.of(0), data));
}

export function nodeHash(left: Bytes, right: Bytes): Promise<Bytes> {
  return sha256(concat(Uint8Array.of(1), left, right));
}

/** The root of all `leaves` (their hashes), for whoever holds the whole log. RFC 9162 2.1.1. */
export async function treeRoot(leaves: readonly Bytes[]): Promise<Bytes> {
  if (leaves.length === 0) return sha256(new Uint8Array(0));
  let level = [...leaves];
  while (level.length > 1) {
    const above: Bytes[] = [];
    for (let at = 0; at < level.length; at += 2) {
      const left = level[at] as Bytes;
      const right = level[at + 1];
      // The last node of an odd level moves up as it is.
      above.push(right === undefined ? left : await nodeHash(left, right));
    }
    level = above;
  }
  return level[0] as Bytes;
}

export async function parseVerifier(vkey: string): Promise<Verifier> {
  const [, name, keyHash, encoded] = VKEY.exec(vkey) ?? [];
  if (name === undefined || keyHash === undefined || encoded === undefined) {
    throw new Refused('malformed', 'a log key reads name+hash+key');
  }
  const typed = unbase64(encoded);
  if (typed.length !== 33 || typed[0] !== ED25519) {
    throw new Refused('unknown-suite', 'the log key is of a kind not known here');
  }
  const expected = await keyHashOf(name, typed);
  if (keyHash !== expected) throw new Refused('malformed', 'the log key does not fit its own hash');
  const key = await crypto.subtle.importKey('raw', typed.slice(1), 'Ed25519', true, ['verify']);
  return { name, keyHash, key };
}

export async function keyHashOf(name: string, typedKey: Bytes): Promise<string> {
  return hex((await sha256(concat(utf8(`${name}\n`), typedKey))).subarray(0, 4));
}

/** Opens a checkpoint: the note must be signed by `verifier`; other signatures are passed over. */
export async function openCheckpoint(note: string, verifier: Verifier): Promise<Checkpoint> {
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) throw new Refused('malformed', 'a signed note ends in signatures');
  const body = note.slice(0, split + 1);
  for (const line of note.slice(split + 2, -1).split('\n')) {
    if (await signedBy(line, body, verifier)) return readCheckpoint(body, verifier.name);
  }
  throw new Refused('bad-signature', `the checkpoint is not signed by ${verifier.name}`);
}

async function signedBy(line: string, body: string, verifier: Verifier): Promise<boolean> {
  const [, name, encoded] = SIGNATURE_LINE.exec(line) ?? [];
  if (name === undefined || encoded === undefined) {
    throw new Refused('malformed', 'a line among the signatures of a note is none');
  }
  if (name !== verifier.name) return false;
  const signature = unbase64(encoded);
  if (hex(signature.subarray(0, 4)) !== verifier.keyHash) return false;
  return crypto.subtle.verify('Ed25519', verifier.key, signature.slice(4), utf8(body));
}

function readCheckpoint(body: string, expectedOrigin: string): Checkpoint {
  const [origin, size = '', encoded = ''] = body.split('\n');
  if (origin !== expectedOrigin) throw badProof('the checkpoint is of another log');
  const root = unbase64(encoded);
  if (!SIZE.test(size) || !Number.isSafeInteger(Number(size)) || root.length !== 32) {
    throw new Refused('malformed', 'a checkpoint has an origin, a size and a root');
  }
  return { origin, size: Number(size), root };
}

/** RFC 9162 2.1.3.2: throws unless leaf `index` of `checkpoint`'s tree has this hash. */
export async function verifyInclusion(
  leaf: Bytes,
  index: number,
  hashes: readonly Bytes[],
  checkpoint: Pick<Checkpoint, 'size' | 'root'>,
): Promise<void> {
  if (index >= checkpoint.size) throw badProof('the log entry lies beyond the checkpoint');
  let [first, last, root] = [index, checkpoint.size - 1, leaf];
  for (const hash of hashes) {
    if (last === 0) throw badProof('the inclusion proof is too long');
    if (first % 2 === 1 || first === last) {
      root = await nodeHash(hash, root);
      while (first % 2 === 0 && first !== 0) [first, last] = [first / 2, half(last)];
    } else {
      root = await nodeHash(root, hash);
    }
    [first, last] = [half(first), half(last)];
  }
  if (last !== 0 || !equal(root, checkpoint.root)) throw badProof('the entry is not in the log');
}

/** RFC 9162 2.1.4.2: throws unless `later` only adds leaves to `earlier`. */
export async function verifyConsistency(
  earlier: Pick<Checkpoint, 'size' | 'root'>,
  later: Pick<Checkpoint, 'size' | 'root'>,
  hashes: readonly Bytes[],
): Promise<void> {
  if (earlier.size > later.size) throw badProof('the log became shorter');
  if (earlier.size === later.size || earlier.size === 0) {
    const same = earlier.size === 0 || equal(earlier.root, later.root);
    if (hashes.length > 0 || !same) throw badProof('two checkpoints of one size differ');
    return;
  }
  await walkConsistency(earlier, later, hashes);
}

async function walkConsistency(
  earlier: Pick<Checkpoint, 'size' | 'root'>,
  later: Pick<Checkpoint, 'size' | 'root'>,
  hashes: readonly Bytes[],
): Promise<void> {
  let [first, last] = [earlier.size - 1, later.size - 1];
  while (first % 2 === 1) [first, last] = [half(first), half(last)];
  // When the earlier tree is complete, its root is where the proof starts, and is left out.
  const [start, ...rest] = first === 0 ? [earlier.root, ...hashes] : hashes;
  if (start === undefined) throw badProof('the consistency proof is empty');
  let [old, young] = [start, start];
  for (const hash of rest) {
    if (last === 0) throw badProof('the consistency proof is too long');
    if (first % 2 === 1 || first === last) {
      [old, young] = [await nodeHash(hash, old), await nodeHash(hash, young)];
      while (first % 2 === 0 && first !== 0) [first, last] = [first / 2, half(last)];
    } else {
      young = await nodeHash(young, hash);
    }
    [first, last] = [half(first), half(last)];
  }
  if (last !== 0 || !equal(old, earlier.root) || !equal(young, later.root)) {
    throw badProof('the log was rewritten: the later checkpoint does not extend the earlier');
  }
}

function half(value: number): number {
  return Math.floor(value / 2);
}

/** A checkpoint's body before signing; what a log prints. */
export function checkpointText(checkpoint: Checkpoint): string {
  return `${checkpoint.origin}\n${checkpoint.size}\n${base64(checkpoint.root)}\n`;
}

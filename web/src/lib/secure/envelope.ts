/** DSSE 1.0 envelopes: a statement with the signatures of the keys that stand behind it. */

import { b64, type Bytes, concat, equal, fromUtf8, sha256, unb64, utf8 } from './bytes';
import { canonical, type Json } from './canonical';
import { Refused } from './refused';
import { atLeast, list, parseJson, type Reader, text } from './shape';

export interface Envelope {
  readonly payloadType: string;
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

/** A kind of statement: its name in the payload type and the reader of its fields. */
export interface Kind<T> {
  readonly name: string;
  readonly read: Reader<T>;
}

/** Fingerprint to public key: the keys that are trusted for what is being opened. */
export type KeyRing = ReadonlyMap<string, CryptoKey>;

/** Who signs: a private Ed25519 key, extractable or not, and its public fingerprint. */
export interface Signer {
  readonly fingerprint: string;
  readonly key: CryptoKey;
}

export interface Opened<T> {
  readonly statement: T;
  /** base64url(SHA-256) of the statement's bytes; how other statements name it. */
  readonly hash: string;
  /** Fingerprints of the trusted keys whose signatures hold; at least one. */
  readonly signers: readonly string[];
}

export const readEnvelope: Reader<Envelope> = atLeast({
  payloadType: text,
  payload: text,
  signatures: list(atLeast({ keyid: text, sig: text })),
});

export function payloadType(kind: string): string {
  return `application/vnd.handfast.${kind}.v1+json`;
}

/** base64url(SHA-256) of a raw Ed25519 public key, always whole. */
export async function fingerprintOf(publicKey: Bytes): Promise<string> {
  return b64(await sha256(publicKey));
}

export async function keyRing(publicKeys: readonly string[]): Promise<KeyRing> {
  const entries = publicKeys.map(async (encoded): Promise<[string, CryptoKey]> => {
    const raw = unb64(encoded);
    if (raw.length !== 32) throw new Refused('malformed', 'an Ed25519 public key has 32 bytes');
    const key = await crypto.subtle.importKey('raw', raw, 'Ed25519', true, ['verify']);
    return [await fingerprintOf(raw), key];
  });
  return new Map(await Promise.all(entries));
}

/** DSSE's pre-authentication encoding. */
export function pae(type: string, payload: Bytes): Bytes {
  const name = utf8(type);
  return concat(utf8(`DSSEv1 ${name.length} `), name, utf8(` ${payload.length} `), payload);
}

export async function seal<T>(kind: Kind<T>, statement: T & Json, signer: Signer): Promise<Envelope> {
  // A statement that we could not read ourselves must not leave this device signed.
  kind.read(statement, kind.name);
  const type = payloadType(kind.name);
  const payload = canonical(statement);
  const sig = new Uint8Array(await crypto.subtle.sign('Ed25519', signer.key, pae(type, payload)));
  return {
    payloadType: type,
    payload: b64(payload),
    signatures: [{ keyid: signer.fingerprint, sig: b64(sig) }],
  };
}

/**
 * Opens an envelope of exactly `kind`, signed by a key of the ring.
 *
 * The fields are read only after a signature holds; a trusted key with a bad signature refuses
 * the whole envelope. With `all`, every one of these fingerprints must have signed.
 */
export async function open<T>(
  envelope: unknown,
  kind: Kind<T>,
  ring: KeyRing,
  all: readonly string[] = [],
): Promise<Opened<T>> {
  const read = readEnvelope(envelope, kind.name);
  if (read.payloadType !== payloadType(kind.name)) {
    throw new Refused('unknown-type', `expected a ${kind.name}, got ${read.payloadType.slice(0, 80)}`);
  }
  const payload = unb64(read.payload);
  const signers = await verifySignatures(read, payload, ring);
  const absent = all.find((fingerprint) => !signers.includes(fingerprint));
  if (signers.length === 0 || absent !== undefined) {
    throw new Refused('unknown-key', `the ${kind.name} lacks the signature of a key that is trusted for it`);
  }
  return { statement: readStatement(payload, kind), hash: b64(await sha256(payload)), signers };
}

/** base64url(SHA-256) of the statement in an envelope, without checking it. */
export async function payloadHash(envelope: Envelope): Promise<string> {
  return b64(await sha256(unb64(envelope.payload)));
}

async function verifySignatures(envelope: Envelope, payload: Bytes, ring: KeyRing): Promise<string[]> {
  const signed = pae(envelope.payloadType, payload);
  const signers: string[] = [];
  for (const { keyid, sig } of envelope.signatures) {
    const key = ring.get(keyid);
    if (key === undefined || signers.includes(keyid)) continue;
    if (!(await crypto.subtle.verify('Ed25519', key, unb64(sig), signed))) {
      throw new Refused('bad-signature', 'a signature in the envelope does not hold');
    }
    signers.push(keyid);
  }
  return signers;
}

function readStatement<T>(payload: Bytes, kind: Kind<T>): T {
  const value = parseJson(fromUtf8(payload), kind.name) as Json;
  // Duplicate names or another order would let two readers see two statements in the same bytes.
  if (!equal(canonical(value), payload)) {
    throw new Refused('malformed', `the ${kind.name} is not canonical JSON (RFC 8785)`);
  }
  return kind.read(value, kind.name);
}

/** This browser's identity: keys that cannot leave it, and the certificate that names them. */

import { b64, type Bytes } from './bytes';
import { verifyChain } from './chain';
import { type Envelope, fingerprintOf, readEnvelope, seal, type Signer } from './envelope';
import { Refused } from './refused';
import { certificate, type Enrolment, enrolment } from './statements';
import { SUITE } from './suite';

/** One identity of this origin; a browser may hold several (two people, one shared desk). */
export interface Identity {
  /** Fingerprint of the signing key. */
  readonly fingerprint: string;
  /** What the person called this device before it was certified. */
  readonly label: string;
  readonly sign: CryptoKeyPair;
  readonly open: CryptoKeyPair;
  /** Holder first, root left out; empty until the device was certified. */
  readonly chain: readonly Envelope[];
  readonly createdUs: number;
}

/** Where identities are kept; `identity-store.ts` is the browser's. */
export interface IdentityStore {
  all(): Promise<readonly Identity[]>;
  /** Durable when the promise resolves; replaces the identity of the same fingerprint. */
  put(identity: Identity): Promise<void>;
  remove(fingerprint: string): Promise<void>;
}

/** Makes keys that WebCrypto never gives out, and keeps them. */
export async function createIdentity(
  store: IdentityStore,
  label: string,
  nowUs: number,
): Promise<Identity> {
  const sign = (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair;
  const open = (await crypto.subtle.generateKey('X25519', false, ['deriveBits'])) as CryptoKeyPair;
  const fingerprint = await fingerprintOf(await rawPublic(sign));
  const identity = { fingerprint, label, sign, open, chain: [], createdUs: nowUs };
  await store.put(identity);
  return identity;
}

export function signerOf(identity: Identity): Signer {
  return { fingerprint: identity.fingerprint, key: identity.sign.privateKey };
}

/** The enrolment request: both public keys, signed by the new device to show that it holds them. */
export async function enrolmentRequest(identity: Identity, nowUs: number): Promise<Envelope> {
  const statement: Enrolment = {
    suite: SUITE,
    label: identity.label,
    sign: b64(await rawPublic(identity.sign)),
    open: b64(await rawPublic(identity.open)),
    at_us: nowUs,
  };
  return seal(enrolment, statement, signerOf(identity));
}

/** As text for a file or a QR code (about 600 characters). */
export function enrolmentText(request: Envelope): string {
  return JSON.stringify(request);
}

/**
 * Takes the certificate that came back, holder first, after checking that it is this device's
 * and leads to `root`.
 */
export async function installChain(
  store: IdentityStore,
  identity: Identity,
  chain: readonly unknown[],
  root: string,
  nowUs: number,
): Promise<Identity> {
  const envelopes = chain.map((envelope) => readEnvelope(envelope, certificate.name));
  const held = await verifyChain(envelopes, root, nowUs);
  const keys = [b64(await rawPublic(identity.sign)), b64(await rawPublic(identity.open))];
  if (held.sign !== keys[0] || (held.open !== null && held.open !== keys[1])) {
    throw new Refused('not-ours', 'the certificate is for another device');
  }
  const certified = { ...identity, chain: envelopes };
  await store.put(certified);
  return certified;
}

export async function rawPublic(pair: CryptoKeyPair): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
}

/** Asks the browser not to clear our keys under storage pressure; false when it did not agree. */
export async function persist(storage: StorageManager = navigator.storage): Promise<boolean> {
  return (await storage.persisted()) || storage.persist();
}

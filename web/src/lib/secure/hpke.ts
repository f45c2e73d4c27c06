/** HPKE (RFC 9180) base mode, suite 1: opens what a node sealed to this device. */

import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import type { Bytes } from './bytes';
import { asRefused, Refused } from './refused';

/** Bytes of the encapsulated X25519 key that stands before the ciphertext. */
const ENCAPSULATED = 32;

function suite1(): CipherSuite {
  return new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Aes256Gcm(),
  });
}

/**
 * Opens `encapsulated key || ciphertext` with a device's X25519 pair, which may be
 * non-extractable. The whole pair is needed: the public half is part of the KEM's context.
 */
export async function hpkeOpen(pair: CryptoKeyPair, sealed: Bytes, info: Bytes): Promise<Bytes> {
  if (sealed.length <= ENCAPSULATED) throw new Refused('malformed', 'a sealed release is cut');
  try {
    const context = await suite1().createRecipientContext({
      recipientKey: pair,
      enc: sealed.slice(0, ENCAPSULATED),
      info,
    });
    return new Uint8Array(await context.open(sealed.slice(ENCAPSULATED)));
  } catch (error) {
    throw asRefused(error, 'bad-seal', 'the release is sealed to another device or another grant');
  }
}

/** Seals as a node does; for tests and for pages that hand something to a device. */
export async function hpkeSeal(publicKey: CryptoKey, plain: Bytes, info: Bytes): Promise<Bytes> {
  const sender = await suite1().createSenderContext({ recipientPublicKey: publicKey, info });
  const ciphertext = new Uint8Array(await sender.seal(plain));
  const sealed = new Uint8Array(ENCAPSULATED + ciphertext.length);
  sealed.set(new Uint8Array(sender.enc));
  sealed.set(ciphertext, ENCAPSULATED);
  return sealed;
}

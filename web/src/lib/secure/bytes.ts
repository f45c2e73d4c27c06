/** Bytes as text and back. All integers on the wire are big-endian. */

import { Refused } from './refused';

/** Bytes that WebCrypto accepts: never a view of shared memory. */
export type Bytes = Uint8Array<ArrayBuffer>;

const UTF8 = new TextEncoder();
const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const HEX = /^(?:[0-9a-f]{2})*$/;
const BASE64URL = /^[A-Za-z0-9_-]*$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function concat(...parts: readonly Uint8Array[]): Bytes {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Compares public values (hashes, ids, commitments); not constant in time. */
export function equal(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

/** A copy backed by memory of its own, so that a caller may reuse or transfer the original. */
export function copyOf(bytes: Uint8Array): Bytes {
  return new Uint8Array(bytes);
}

export function utf8(text: string): Bytes {
  return UTF8.encode(text);
}

export function fromUtf8(bytes: Uint8Array): string {
  try {
    return STRICT_UTF8.decode(bytes);
  } catch {
    throw new Refused('malformed', 'bytes that should be text are not UTF-8');
  }
}

/** base64url without padding (RFC 4648 section 5). */
export function b64(bytes: Uint8Array): string {
  return base64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** Refuses padding, other alphabets and text that encodes no whole number of bytes. */
export function unb64(text: string): Bytes {
  if (!BASE64URL.test(text)) throw new Refused('malformed', 'not base64url without padding');
  const bytes = decode64(text.replaceAll('-', '+').replaceAll('_', '/'));
  if (b64(bytes) !== text) throw new Refused('malformed', 'base64url with stray bits at its end');
  return bytes;
}

/** Standard base64 with padding, as signed notes use it. */
export function base64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

export function unbase64(text: string): Bytes {
  const bytes = BASE64.test(text) ? decode64(text) : null;
  // One value, one text: stray bits or missing padding would make two of them.
  if (bytes === null || base64(bytes) !== text) throw new Refused('malformed', 'not base64');
  return bytes;
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function unhex(text: string): Bytes {
  if (!HEX.test(text)) throw new Refused('malformed', 'not lower-case hexadecimal');
  const bytes = new Uint8Array(text.length / 2);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = parseInt(text.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

export function uuidBytes(text: string): Bytes {
  if (!isUuid(text)) throw new Refused('malformed', 'not a UUID in lower case');
  return unhex(text.replaceAll('-', ''));
}

export function uuidText(bytes: Uint8Array): string {
  if (bytes.length !== 16) throw new Refused('malformed', `a UUID has 16 bytes, not ${bytes.length}`);
  const text = hex(bytes);
  return [[0, 8], [8, 12], [12, 16], [16, 20], [20, 32]].map(([a, b]) => text.slice(a, b)).join('-');
}

export function u32(value: number): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

export async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

function decode64(text: string): Bytes {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    throw new Refused('malformed', 'base64 of an impossible length');
  }
}

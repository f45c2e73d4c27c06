/**
 * What is handed to an owner outside the hub and the page: `handfast node pair` prints a link
 * (`/owner/#root=<fingerprint>&pair=<code>`), as text and as a QR code. What follows `#` is never
 * sent to a server.
 */

export interface PairingLink {
  /** Used once. */
  readonly code: string;
  /** Fingerprint of the owner's root; null where the link names none. */
  readonly root: string | null;
}

const CODE = /^[A-Za-z0-9-]{4,64}$/;

/** Reads the part of an address from `#` on; null when it is no pairing link. */
export function readPairingLink(hash: string): PairingLink | null {
  const fields = new URLSearchParams(hash.replace(/^#/, ''));
  const code = fields.get('pair') ?? '';
  return CODE.test(code) ? { code, root: fields.get('root') } : null;
}

/** Reads the link that this page was opened by and takes it out of the address and the history. */
export function takePairingLink(): PairingLink | null {
  const link = readPairingLink(location.hash);
  if (link !== null) history.replaceState(null, '', location.pathname + location.search);
  return link;
}

/** What an administrator signs in their own browser: certificates and revocation lists (P7). */

import { fromUtf8, unb64 } from '$lib/secure/bytes';
import { type Identity, signerOf } from '$lib/secure/device';
import { type Envelope, fingerprintOf, keyRing, open, seal } from '$lib/secure/envelope';
import { Refused } from '$lib/secure/refused';
import { parseJson } from '$lib/secure/shape';
import { certificate, type Certificate, enrolment, type Enrolment, revocation } from '$lib/secure/statements';
import { SUITE } from '$lib/secure/suite';

const DAY_US = 86_400_000_000;
const LASTING_US = 90 * DAY_US;
/** Clocks of the two sides may differ by minutes. */
const BACKDATED_US = 300_000_000;

/** A request that its own key has signed, with the fingerprint of that key. */
export interface Whole {
  readonly enrolment: Enrolment;
  readonly fingerprint: string;
}

/** Opens a request by the key inside: it shows possession of the key and nothing about the person. */
export async function wholeEnrolment(envelope: Envelope): Promise<Whole> {
  const claimed = enrolment.read(parseJson(fromUtf8(unb64(envelope.payload)), 'enrolment'), 'enrolment');
  const { statement } = await open(envelope, enrolment, await keyRing([claimed.sign]));
  return { enrolment: statement, fingerprint: await fingerprintOf(unb64(statement.sign)) };
}

export interface NamedPerson {
  /** UUID; two devices of one person share it. */
  readonly person: string;
  readonly name: string;
  readonly role: string;
}

/** Certifies one device of a person for 90 days, never beyond the administrator's own certificate. */
export function certifyOfficer(
  identity: Identity,
  { enrolment: asked }: Whole,
  who: NamedPerson,
  at: { readonly agency: string; readonly nowUs: number; readonly untilUs: number },
): Promise<Envelope> {
  const statement: Certificate = {
    suite: SUITE,
    serial: at.nowUs,
    kind: 'officer-device',
    id: who.person,
    organisation: at.agency,
    name: who.name,
    role: who.role,
    sign: asked.sign,
    open: asked.open,
    issuer: identity.fingerprint,
    not_before_us: at.nowUs - BACKDATED_US,
    not_after_us: Math.min(at.nowUs + LASTING_US, at.untilUs),
  };
  return seal(certificate, statement, signerOf(identity));
}

/** This administrator's newest list among `lists`; none counts as an empty one with serial 0. */
export async function ownRevocation(
  lists: readonly Envelope[],
  identity: Identity,
): Promise<{ readonly serial: number; readonly revoked: readonly string[] }> {
  const raw = new Uint8Array(await crypto.subtle.exportKey('raw', identity.sign.publicKey));
  const ring = new Map([[await fingerprintOf(raw), identity.sign.publicKey]]);
  let newest = { serial: 0, revoked: [] as readonly string[] };
  for (const envelope of lists) {
    if (!envelope.signatures.some(({ keyid }) => keyid === identity.fingerprint)) continue;
    const { statement } = await open(envelope, revocation, ring);
    if (statement.issuer !== identity.fingerprint) throw new Refused('not-ours', 'a list in somebody else’s name');
    if (statement.serial >= newest.serial) newest = statement;
  }
  return newest;
}

/** The complete list with one device more, and a serial above every earlier one. */
export async function revokeDevice(
  identity: Identity,
  lists: readonly Envelope[],
  device: string,
  nowUs: number,
): Promise<Envelope> {
  const { serial, revoked } = await ownRevocation(lists, identity);
  const statement = {
    suite: SUITE,
    issuer: identity.fingerprint,
    serial: Math.max(serial + 1, nowUs),
    revoked: [...new Set([...revoked, device])].sort(),
  } as const;
  return seal(revocation, statement, signerOf(identity));
}

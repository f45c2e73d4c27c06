/** The owner's hand: what this device signs, and nothing else gives authority (P4). */

import { type Identity, signerOf } from '../secure/device';
import { type Envelope, seal } from '../secure/envelope';
import { approval, closing, ownerSwitch } from '../secure/statements';

/** When and where something is signed. */
export interface Moment {
  readonly node: string;
  /** Microseconds; the node refuses what is two minutes off. */
  readonly nowUs: number;
}

/** Answers exactly one request, named by the hash of what this device has verified and shown. */
export function signApproval(
  identity: Identity,
  { node, nowUs }: Moment,
  answer: { readonly request: string; readonly answer: 'approve' | 'refuse'; readonly untilUs: number },
): Promise<Envelope> {
  const statement = {
    node,
    request: answer.request,
    answer: answer.answer,
    until_us: answer.untilUs,
    device: identity.fingerprint,
    at_us: nowUs,
  };
  return seal(approval, statement, signerOf(identity));
}

/** Closes one grant, or everything when `grant` is null. */
export function signClosing(
  identity: Identity,
  { node, nowUs }: Moment,
  what: { readonly grant: string | null; readonly challenge: string },
): Promise<Envelope> {
  const statement = {
    node,
    scope: what.grant === null ? ('all' as const) : ('grant' as const),
    grant: what.grant,
    device: identity.fingerprint,
    challenge: what.challenge,
    at_us: nowUs,
  };
  return seal(closing, statement, signerOf(identity));
}

export interface SwitchWish {
  readonly signal: string;
  readonly state: 'raise' | 'clear';
  readonly test: boolean;
}

/** Raises, renews or clears a signal by hand. */
export function signSwitch(
  identity: Identity,
  { node, nowUs }: Moment,
  wish: SwitchWish & { readonly challenge: string },
): Promise<Envelope> {
  const { signal, state, test, challenge } = wish;
  const statement = { node, signal, state, test, device: identity.fingerprint, challenge, at_us: nowUs };
  return seal(ownerSwitch, statement, signerOf(identity));
}

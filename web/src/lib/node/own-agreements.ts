/** The owner's agreements, checked from the owner's side: root, node and log are this device's own. */

import { unb64 } from '../secure/bytes';
import { type Agreement, agreement } from '../secure/agreement';
import { type Envelope, fingerprintOf, keyRing, open } from '../secure/envelope';
import { asRefused, Refused } from '../secure/refused';
import type { Rendition } from '../secure/rendition';

/** Whose agreements count here; pinned when this device was paired. */
export interface OwnSide {
  readonly node: string;
  /** base64url of the raw key. */
  readonly ownerRoot: string;
  /** Verifier key of the owner's log. */
  readonly log: string;
}

export interface OwnAgreement {
  /** How requests name it. */
  readonly hash: string;
  readonly agreement: Agreement;
}

/**
 * Accepts an agreement that the owner's root signed, and with it the agency's root that it names.
 *
 * The agency's signature must hold too; that the key is that agency's, the owner's signature says.
 */
export async function ownAgreement(envelope: Envelope, own: OwnSide): Promise<OwnAgreement> {
  const root = await fingerprintOf(unb64(own.ownerRoot));
  const pinned = await open(envelope, agreement, await keyRing([own.ownerRoot]), [root]);
  const { owner, agency, node } = pinned.statement;
  if (owner.root !== own.ownerRoot || node.id !== own.node || node.log !== own.log) {
    throw new Refused('not-ours', 'the agreement is about another owner, site or log');
  }
  const both = await keyRing([own.ownerRoot, agency.root]);
  const { statement, hash } = await open(envelope, agreement, both, [...both.keys()]);
  return { hash, agreement: statement };
}

/** All that hold, by hash; and why others were left out. */
export async function ownAgreements(
  envelopes: readonly Envelope[],
  own: OwnSide,
): Promise<{ readonly held: ReadonlyMap<string, OwnAgreement>; readonly refused: readonly Refused[] }> {
  const held = new Map<string, OwnAgreement>();
  const refused: Refused[] = [];
  for (const envelope of envelopes) {
    try {
      const found = await ownAgreement(envelope, own);
      held.set(found.hash, found);
    } catch (error) {
      refused.push(asRefused(error, 'malformed', 'an agreement could not be read'));
    }
  }
  return { held, refused };
}

/** What one clause opens: said to the owner before they raise an alarm or are asked. */
export interface Opening {
  readonly agency: string;
  readonly roles: readonly string[];
  readonly views: readonly ('live' | 'recorded')[];
  readonly rendition: Rendition;
  /** Camera ids; null for all. */
  readonly cameras: readonly string[] | null;
  readonly lookBackS: number;
  /** 0 where a person is asked. */
  readonly lingerS: number;
  /** How many of the owner's devices have to say yes; 0 where an alarm opens by itself. */
  readonly approvals: number;
  readonly longestS: number;
  readonly testOpens: boolean;
}

/** What raising `signal` opens under agreements in force, in the order they stand. */
export function opensWhile(
  signal: string,
  agreements: Iterable<OwnAgreement>,
  nowUs: number,
): readonly Opening[] {
  return openings(agreements, nowUs, (when) => 'signal' in when && when.signal === signal);
}

/** What agreements in force let people ask for, in the order they stand. */
export function opensOnRequest(agreements: Iterable<OwnAgreement>, nowUs: number): readonly Opening[] {
  return openings(agreements, nowUs, (when) => 'approvals' in when);
}

type Clause = Agreement['clauses'][number];

function openings(
  agreements: Iterable<OwnAgreement>,
  nowUs: number,
  wanted: (when: Clause['when']) => boolean,
): readonly Opening[] {
  const inForce = [...agreements].filter(
    ({ agreement: { not_before_us, not_after_us } }) => not_before_us <= nowUs && nowUs < not_after_us,
  );
  return inForce.flatMap(({ agreement: { agency, clauses } }) =>
    clauses.filter(({ when }) => wanted(when)).map((clause) => opening(agency.name, clause)),
  );
}

function opening(agency: string, { when, ...clause }: Clause): Opening {
  return {
    agency,
    roles: clause.roles,
    views: clause.views,
    rendition: clause.rendition,
    cameras: clause.cameras,
    lookBackS: clause.look_back_s,
    lingerS: 'signal' in when ? when.linger_s : 0,
    approvals: 'signal' in when ? 0 : when.approvals,
    longestS: clause.longest_s,
    testOpens: 'signal' in when && when.test_opens,
  };
}

/** Signals that some agreement names; what the owner's panel offers. */
export function namedSignals(agreements: Iterable<OwnAgreement>): readonly string[] {
  const names = [...agreements].flatMap(({ agreement: { clauses } }) =>
    clauses.flatMap(({ when }) => ('signal' in when ? [when.signal] : [])),
  );
  return [...new Set(names)].sort();
}

/** Who vouches for whom: the only place where a key becomes a trusted key (P7). */

import { type Agreement, agreement } from './agreement';
import { unb64 } from './bytes';
import { type Envelope, fingerprintOf, type KeyRing, keyRing, open } from './envelope';
import { asRefused, Refused } from './refused';
import { type Certificate, certificate, revocation } from './statements';
import { parseVerifier, type Verifier } from './tlog';

/** A node whose releases and pictures this client accepts, and why it does. */
export interface TrustedNode {
  readonly id: string;
  /** The node's key alone; what it signs is opened with this ring. */
  readonly ring: KeyRing;
  readonly log: Verifier;
  readonly agreement: Agreement;
  /** Hash of the agreement as signed by both roots; requests name it. */
  readonly agreementHash: string;
}

/**
 * Accepts an agreement that both roots signed.
 *
 * The agency root is the one this client was given outside the hub. The owner's root, the node
 * and its log are taken from the agreement, because the agency's signature vouches for them.
 *
 * Args:
 *   envelope: as the agency delivers it, never as the hub does.
 *   agencyRoot: base64url of the raw public key.
 */
export async function trustAgreement(
  envelope: Envelope,
  agencyRoot: string,
  nowUs: number,
): Promise<TrustedNode> {
  const agency = await fingerprintOf(unb64(agencyRoot));
  const pinned = await open(envelope, agreement, await keyRing([agencyRoot]), [agency]);
  const { owner, agency: named } = pinned.statement;
  if (named.root !== agencyRoot) throw new Refused('not-ours', 'the agreement is with another agency');
  const both = await keyRing([agencyRoot, owner.root]);
  const { statement, hash } = await open(envelope, agreement, both, [...both.keys()]);
  requireInForce(statement.not_before_us, statement.not_after_us, nowUs, 'the agreement');
  return {
    id: statement.node.id,
    ring: await keyRing([statement.node.sign]),
    log: await parseVerifier(statement.node.log),
    agreement: statement,
    agreementHash: hash,
  };
}

/** All agreements in force by node; of several versions of one agreement the highest serial. */
export async function trustAgreements(
  envelopes: readonly Envelope[],
  agencyRoot: string,
  nowUs: number,
): Promise<{ readonly nodes: ReadonlyMap<string, readonly TrustedNode[]>; readonly refused: readonly Refused[] }> {
  const newest = new Map<string, TrustedNode>();
  const refused: Refused[] = [];
  for (const envelope of envelopes) {
    try {
      const node = await trustAgreement(envelope, agencyRoot, nowUs);
      const known = newest.get(node.agreement.agreement);
      if (known === undefined || known.agreement.serial < node.agreement.serial) {
        newest.set(node.agreement.agreement, node);
      }
    } catch (error) {
      refused.push(asRefused(error, 'malformed', 'an agreement could not be read'));
    }
  }
  const nodes = new Map<string, readonly TrustedNode[]>();
  for (const node of newest.values()) nodes.set(node.id, [...(nodes.get(node.id) ?? []), node]);
  return { nodes, refused };
}

/** Who may certify whom; roots are named by the caller. */
const ISSUERS: Readonly<Record<Certificate['kind'], readonly (Certificate['kind'] | 'root')[]>> = {
  node: ['root'],
  'owner-device': ['root'],
  dispatch: ['root'],
  administrator: ['root'],
  'officer-device': ['administrator'],
};

/**
 * Follows a chain (holder first, root left out) down from `root` and returns the holder.
 *
 * Every certificate must be in force, of one organisation, signed by the next one's key and of
 * a kind that the next one may certify; none may be revoked.
 */
export async function verifyChain(
  chain: readonly Envelope[],
  root: string,
  nowUs: number,
  revoked: ReadonlySet<string> = new Set(),
): Promise<Certificate> {
  let issuer: { readonly key: string; readonly kind: Certificate['kind'] | 'root' } = { key: root, kind: 'root' };
  let holder: Certificate | null = null;
  for (const envelope of [...chain].reverse()) {
    const ring = await keyRing([issuer.key]);
    const { statement } = await open(envelope, certificate, ring);
    await requireCertified(statement, issuer, nowUs, revoked);
    if (holder !== null && holder.organisation !== statement.organisation) {
      throw new Refused('not-ours', 'a certificate reaches into another organisation');
    }
    issuer = { key: statement.sign, kind: statement.kind };
    holder = statement;
  }
  if (holder === null) throw new Refused('malformed', 'a certificate chain is empty');
  return holder;
}

async function requireCertified(
  held: Certificate,
  issuer: { readonly key: string; readonly kind: Certificate['kind'] | 'root' },
  nowUs: number,
  revoked: ReadonlySet<string>,
): Promise<void> {
  const by = await fingerprintOf(unb64(issuer.key));
  if (held.issuer !== by || !ISSUERS[held.kind].includes(issuer.kind)) {
    throw new Refused('not-ours', `a ${issuer.kind} may not certify a ${held.kind} so`);
  }
  requireInForce(held.not_before_us, held.not_after_us, nowUs, 'a certificate');
  if (revoked.has(await fingerprintOf(unb64(held.sign)))) {
    throw new Refused('not-in-force', 'a certificate of the chain has been revoked');
  }
}

/** The revoked fingerprints of the newest list that a key of `issuers` signed. */
export async function revokedBy(lists: readonly Envelope[], issuers: KeyRing): Promise<ReadonlySet<string>> {
  const newest = new Map<string, { readonly serial: number; readonly revoked: readonly string[] }>();
  for (const envelope of lists) {
    const { statement, signers } = await open(envelope, revocation, issuers);
    if (!signers.includes(statement.issuer)) throw new Refused('not-ours', 'a list in somebody else’s name');
    const known = newest.get(statement.issuer);
    if (known === undefined || known.serial < statement.serial) newest.set(statement.issuer, statement);
  }
  return new Set([...newest.values()].flatMap((list) => list.revoked));
}

function requireInForce(notBeforeUs: number, notAfterUs: number, nowUs: number, what: string): void {
  if (nowUs < notBeforeUs) throw new Refused('not-in-force', `${what} is not in force yet`);
  if (nowUs >= notAfterUs) throw new Refused('not-in-force', `${what} is no longer in force`);
}


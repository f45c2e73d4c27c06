// @vitest-environment node
import { beforeAll, describe, expect, it } from 'vitest';
import type { Json } from './canonical';
import { revokedBy, trustAgreement, trustAgreements, verifyChain } from './chain';
import { agreement } from './agreement';
import { type Envelope, keyRing } from './envelope';
import { certificate, revocation } from './statements';
import { ids, NOON, signedBy, testKey, type TestKey, TestSite } from './testing/site';

let root: TestKey;
let administrator: TestKey;
let officer: TestKey;

beforeAll(async () => {
  [root, administrator, officer] = await Promise.all([testKey(), testKey(), testKey()]);
});

function certify(kind: string, holder: TestKey, issuer: TestKey, changes: Record<string, Json> = {}): Promise<Envelope> {
  const statement = {
    suite: 1, serial: 1, kind, id: ids.person, organisation: ids.agency, name: 'A. Virtanen', role: 'officer', sign: holder.raw, open: null,
    issuer: issuer.fingerprint, not_before_us: NOON - 1, not_after_us: NOON + 1, ...changes,
  };
  return signedBy(certificate, statement, issuer);
}

describe('a chain', () => {
  it('leads from an officer through an administrator to the root', async () => {
    const chain = await Promise.all([certify('officer-device', officer, administrator), certify('administrator', administrator, root)]);
    expect(await verifyChain(chain, root.raw, NOON)).toMatchObject({ kind: 'officer-device', sign: officer.raw });
  });

  it.each<[string, string, Record<string, Json>]>([
    ['before its start', 'not-in-force', { not_before_us: NOON + 1, not_after_us: NOON + 2 }],
    ['after its end', 'not-in-force', { not_after_us: NOON }],
    ['of another organisation', 'not-ours', { organisation: ids.owner }],
    ['of a suite of the future', 'unknown-suite', { suite: 2 }],
  ])('is refused with a certificate %s', async (_, code, changes) => {
    const administrators = await certify('administrator', administrator, root);
    const held = code === 'unknown-suite' ? forged(officer, administrator, changes) : certify('officer-device', officer, administrator, changes);
    await expect(held.then((envelope) => verifyChain([envelope, administrators], root.raw, NOON))).rejects.toMatchObject({ code });
  });

  it('is refused when an officer certifies another, or a root makes officers itself', async () => {
    const second = await testKey();
    const chain = await Promise.all([
      certify('officer-device', second, officer), certify('officer-device', officer, administrator), certify('administrator', administrator, root),
    ]);
    await expect(verifyChain(chain, root.raw, NOON)).rejects.toMatchObject({ code: 'not-ours' });
    const direct = await certify('officer-device', officer, root);
    await expect(verifyChain([direct], root.raw, NOON)).rejects.toMatchObject({ code: 'not-ours' });
  });

  it('is refused under another root, when empty, and when a link is revoked', async () => {
    const chain = await Promise.all([certify('officer-device', officer, administrator), certify('administrator', administrator, root)]);
    await expect(verifyChain(chain, officer.raw, NOON)).rejects.toMatchObject({ code: 'unknown-key' });
    await expect(verifyChain([], root.raw, NOON)).rejects.toMatchObject({ code: 'malformed' });
    const list = { suite: 1, issuer: root.fingerprint, serial: 2, revoked: [administrator.fingerprint] };
    const older = { ...list, serial: 1, revoked: [] };
    const lists = await Promise.all([signedBy(revocation, list, root), signedBy(revocation, older, root)]);
    const revoked = await revokedBy(lists, await keyRing([root.raw]));
    await expect(verifyChain(chain, root.raw, NOON, revoked)).rejects.toMatchObject({ code: 'not-in-force' });
  });
});

/** A statement that our own `seal` would not sign. */
async function forged(holder: TestKey, issuer: TestKey, changes: Record<string, Json>): Promise<Envelope> {
  const lax = { name: certificate.name, read: (value: unknown) => value };
  const statement = {
    suite: 1, serial: 1, kind: 'officer-device', id: ids.person, organisation: ids.agency, name: '', role: 'officer', sign: holder.raw, open: null,
    issuer: issuer.fingerprint, not_before_us: NOON - 1, not_after_us: NOON + 1, ...changes,
  };
  return signedBy(lax, statement, issuer);
}

describe('an agreement', () => {
  it('makes its node trusted when both roots signed', async () => {
    const site = await TestSite.create();
    const { nodes, refused } = await trustAgreements([site.agreement], site.agencyRoot.raw, NOON);
    expect(refused).toEqual([]);
    expect(nodes.get(ids.node)?.[0]).toMatchObject({ id: ids.node, agreementHash: site.trusted.agreementHash });
  });

  it('is refused with one signature, under another agency root, and out of its time', async () => {
    const site = await TestSite.create();
    const half = { ...site.agreement, signatures: site.agreement.signatures.slice(1) };
    await expect(trustAgreement(half, site.agencyRoot.raw, NOON)).rejects.toMatchObject({ code: 'unknown-key' });
    await expect(trustAgreement(site.agreement, root.raw, NOON)).rejects.toMatchObject({ code: 'unknown-key' });
    await expect(trustAgreement(site.agreement, site.agencyRoot.raw, NOON - 2)).rejects.toMatchObject({ code: 'not-in-force' });
  });

  it('of a higher serial replaces a lower one, in whatever order they come', async () => {
    const site = await TestSite.create();
    const document = agreement.read(JSON.parse(atob(site.agreement.payload.replaceAll('-', '+').replaceAll('_', '/'))), 'test');
    const newer = await signedBy(agreement, { ...document, serial: 2 } as unknown as Json, site.ownerRoot, site.agencyRoot);
    for (const order of [[site.agreement, newer], [newer, site.agreement]]) {
      const { nodes } = await trustAgreements(order, site.agencyRoot.raw, NOON);
      expect(nodes.get(ids.node)?.map((node) => node.agreement.serial)).toEqual([2]);
    }
  });
});

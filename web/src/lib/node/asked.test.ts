// @vitest-environment node
import { beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../secure/canonical';
import { type Envelope, payloadHash } from '../secure/envelope';
import { accessRequest, approval, certificate, incident } from '../secure/statements';
import { b64 } from '../secure/bytes';
import { createIdentity, rawPublic } from '../secure/device';
import { keyRing, open } from '../secure/envelope';
import { agreement } from '../secure/agreement';
import { ids, memoryStore, NOON, signedBy, testKey, type TestKey } from '../secure/testing/site';
import { TestLog } from '../secure/testing/log';
import { type AskedAt, verifyQuestion } from './asked';
import type { Question } from './client';
import { signApproval, signClosing, signSwitch } from './hand';
import { namedSignals, opensOnRequest, opensWhile, ownAgreement, ownAgreements, type OwnSide } from './own-agreements';

let keys: Record<'ownerRoot' | 'agencyRoot' | 'administrator' | 'officer' | 'dispatch' | 'node', TestKey>;
let log: TestLog;
let own: OwnSide;
let signed: Envelope;
let chain: Envelope[];
let at: AskedAt;

function document(): Json {
  return {
    suite: 1, agreement: ids.agreement, serial: 1, title: 'Shop and police',
    owner: { id: ids.owner, name: 'Shop', root: keys.ownerRoot.raw },
    agency: { id: ids.agency, name: 'Helsinki police', root: keys.agencyRoot.raw },
    node: { id: ids.node, sign: keys.node.raw, log: log.vkey }, dispatch: keys.dispatch.raw,
    not_before_us: NOON - 1, not_after_us: NOON + 86_400_000_000,
    clauses: [
      {
        id: 'ask', roles: ['officer'], views: ['live', 'recorded'], rendition: 'clear', cameras: null, purposes: ['emergency'],
        when: { type: 'request', approvals: 1, answer_within_s: 900 }, look_back_s: 3600, longest_s: 1800, needs_incident: true,
      },
      {
        id: 'look', roles: ['officer'], views: ['live'], rendition: 'redacted', cameras: null, purposes: ['emergency'],
        when: { type: 'request', approvals: 2, answer_within_s: 900 }, look_back_s: 0, longest_s: 900, needs_incident: true,
      },
      {
        id: 'unmask', roles: ['officer'], views: ['recorded'], rendition: 'unmasked', cameras: null, purposes: ['emergency'],
        when: { type: 'request', approvals: 2, answer_within_s: 900 }, look_back_s: 3600, longest_s: 600, needs_incident: true,
      },
      {
        id: 'intrusion', roles: ['officer'], views: ['live'], rendition: 'clear', cameras: [ids.camera], purposes: ['emergency'],
        when: { type: 'signal', signal: 'intrusion', linger_s: 300, test_opens: false }, look_back_s: 600, longest_s: 7200,
        needs_incident: false,
      },
    ],
    never: [],
  };
}

async function certified(key: TestKey, issuer: TestKey, kind: string, organisation: string = ids.agency): Promise<Envelope> {
  const statement = {
    suite: 1, serial: 1, kind, id: ids.person, organisation, name: 'Aino Korhonen', role: 'officer', sign: key.raw,
    open: null, issuer: issuer.fingerprint, not_before_us: NOON - 1, not_after_us: NOON + 1_000_000,
  };
  return signedBy(certificate, statement, issuer);
}

beforeAll(async () => {
  const names = ['ownerRoot', 'agencyRoot', 'administrator', 'officer', 'dispatch', 'node'] as const;
  keys = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await testKey()]))) as typeof keys;
  log = await TestLog.create();
  own = { node: ids.node, ownerRoot: keys.ownerRoot.raw, log: log.vkey };
  signed = await signedBy(agreement, document(), keys.ownerRoot, keys.agencyRoot);
  chain = [
    await certified(keys.officer, keys.administrator, 'officer-device'),
    await certified(keys.administrator, keys.agencyRoot, 'administrator'),
  ];
  const { held } = await ownAgreements([signed], own);
  at = { node: ids.node, place: [24.94, 60.17], agreements: held, nowUs: NOON };
});

async function question(changes: Record<string, Json> = {}, more: Partial<Question> = {}): Promise<Question> {
  const [hash] = at.agreements.keys();
  const statement = {
    request: ids.request, node: ids.node, agreement: hash ?? '', camera: ids.camera, stream: 'main', view: 'live',
    rendition: 'clear', purpose: 'emergency', incident: ids.incident, from_us: null, until_us: null, comment: '',
    challenge: b64(new Uint8Array(32)), device: keys.officer.fingerprint, asked_us: NOON, ...changes,
  };
  const envelope = await signedBy(accessRequest, statement, keys.officer);
  const stated = {
    incident: ids.incident, agency: ids.agency, kind: 'robbery', title: 'Robbery', lon: 24.94, lat: 60.171, radius_m: 100,
    opened_us: NOON, expires_us: NOON + 1, signal: null,
  };
  return {
    request: await payloadHash(envelope), camera_name: 'Door', asked_us: NOON, answer_by_us: NOON + 1, approvals: [],
    envelope, chain, incident_statement: await signedBy(incident, stated, keys.dispatch), ...more,
  };
}

describe('a request in the inbox', () => {
  it('is told from what officer, administrator and dispatch have signed', async () => {
    const asked = await verifyQuestion(await question(), at);
    expect(asked).toMatchObject({
      name: 'Aino Korhonen', role: 'officer', agency: 'Helsinki police', view: 'live', purpose: 'emergency', longestS: 1800,
      incident: { title: 'Robbery' },
    });
    expect(Math.round(asked.incident?.metres ?? 0)).toBe(111);
  });

  it('names the rendition, and the longest that its own clause allows', async () => {
    expect(await verifyQuestion(await question({ rendition: 'redacted' }), at)).toMatchObject({ rendition: 'redacted', longestS: 900 });
  });

  it('names one person who is to become clear, and how many of the owner’s devices must agree', async () => {
    expect(await verifyQuestion(await question(), at)).toMatchObject({ track: null, trackKind: null, approvals: 1 });
    const recorded = { view: 'recorded', from_us: NOON - 9, until_us: NOON - 1 };
    const one = await question({ ...recorded, rendition: 'unmasked', track: 12, track_kind: 'vehicle', comment: 'took the bicycle' });
    expect(await verifyQuestion(one, at)).toMatchObject({
      track: 12, trackKind: 'vehicle', approvals: 2, longestS: 600, comment: 'took the bicycle', fromUs: NOON - 9, untilUs: NOON - 1,
    });
  });

  it('is answered by the hash of exactly what was shown', async () => {
    const asked = await verifyQuestion(await question(), at);
    const phone = await createIdentity(memoryStore(), 'phone', NOON);
    const answer = { request: asked.request, answer: 'approve', untilUs: NOON + 600_000_000 } as const;
    const envelope = await signApproval(phone, { node: ids.node, nowUs: NOON }, answer);
    const ring = await keyRing([b64(await rawPublic(phone.sign))]);
    const { statement } = await open(envelope, approval, ring);
    expect(statement).toMatchObject({ request: asked.request, answer: 'approve', until_us: NOON + 600_000_000, node: ids.node });
  });

  it.each([
    ['another hash than the node says', {}, { request: b64(new Uint8Array(32).fill(9)) }],
    ['another site', { node: ids.owner }, {}],
    ['an agreement that is not ours', { agreement: b64(new Uint8Array(32)) }, {}],
    ['another device than signed it', { device: b64(new Uint8Array(32)) }, {}],
    ['another incident than dispatch stated', { incident: ids.owner }, {}],
  ])('is not believed with %s', async (_what, changes, more) => {
    await expect(verifyQuestion(await question(changes, more), at)).rejects.toMatchObject({ name: 'Refused' });
  });

  it('is not believed from a stranger, or from somebody whom another agency certified', async () => {
    const stranger = await testKey();
    const self = [await certified(keys.officer, stranger, 'officer-device'), await certified(stranger, stranger, 'administrator')];
    await expect(verifyQuestion(await question({}, { chain: self }), at)).rejects.toThrow();
    const elsewhere = [
      await certified(keys.officer, keys.administrator, 'officer-device', ids.owner),
      await certified(keys.administrator, keys.agencyRoot, 'administrator', ids.owner),
    ];
    await expect(verifyQuestion(await question({}, { chain: elsewhere }), at)).rejects.toMatchObject({ code: 'not-ours' });
  });

  it('is not believed when the incident was signed by anybody but dispatch', async () => {
    const stated = { ...(await question()), incident_statement: (await question()).envelope };
    await expect(verifyQuestion(stated, at)).rejects.toMatchObject({ code: 'unknown-type' });
  });
});

describe('the owner’s agreements', () => {
  it('say what an alarm opens, and only while they are in force', () => {
    expect(namedSignals(at.agreements.values())).toEqual(['intrusion']);
    expect(opensWhile('intrusion', at.agreements.values(), NOON)).toEqual([
      {
        agency: 'Helsinki police', roles: ['officer'], views: ['live'], rendition: 'clear', cameras: [ids.camera],
        lookBackS: 600, lingerS: 300, approvals: 0, longestS: 7200, testOpens: false,
      },
    ]);
    expect(opensWhile('fire', at.agreements.values(), NOON)).toEqual([]);
    expect(opensWhile('intrusion', at.agreements.values(), NOON * 2)).toEqual([]);
  });

  it('say what can be asked of the owner, redacted or clear, with how many a yes takes', () => {
    const asked = opensOnRequest(at.agreements.values(), NOON);
    expect(asked.map(({ rendition, approvals, longestS }) => [rendition, approvals, longestS])).toEqual([
      ['clear', 1, 1800],
      ['redacted', 2, 900],
      ['unmasked', 2, 600],
    ]);
    expect(opensOnRequest(at.agreements.values(), NOON * 2)).toEqual([]);
  });

  it('count only with both signatures, for this owner, node and log', async () => {
    const half = await signedBy(agreement, document(), keys.agencyRoot);
    await expect(ownAgreement(half, own)).rejects.toMatchObject({ code: 'unknown-key' });
    const alone = await signedBy(agreement, document(), keys.ownerRoot);
    await expect(ownAgreement(alone, own)).rejects.toMatchObject({ code: 'unknown-key' });
    const otherLog = { ...own, log: (await TestLog.create()).vkey };
    const { held, refused } = await ownAgreements([signed], otherLog);
    expect([held.size, refused.length]).toEqual([0, 1]);
  });
});

describe('the owner’s hand', () => {
  it('signs closings and switches for this node, with the challenge, as this device', async () => {
    const phone = await createIdentity(memoryStore(), 'phone', NOON);
    const moment = { node: ids.node, nowUs: NOON };
    const all = await signClosing(phone, moment, { grant: null, challenge: 'AAAA' });
    const one = await signClosing(phone, moment, { grant: ids.grant, challenge: 'AAAA' });
    const test = await signSwitch(phone, moment, { signal: 'intrusion', state: 'raise', test: true, challenge: 'AAAA' });
    const said = [all, one, test].map(({ payload }) => JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as Json);
    expect(said).toMatchObject([
      { scope: 'all', grant: null, challenge: 'AAAA', device: phone.fingerprint, node: ids.node },
      { scope: 'grant', grant: ids.grant },
      { signal: 'intrusion', state: 'raise', test: true, device: phone.fingerprint },
    ]);
  });
});

// @vitest-environment node
import { beforeAll, describe, expect, it } from 'vitest';
import { b64 } from './bytes';
import type { Json } from './canonical';
import { type Answer, type Asked, openDecision } from './release';
import { decision, type Grant } from './statements';
import { ids, NOON, signedBy, testKey, TestSite } from './testing/site';
import type { Envelope } from './envelope';

let site: TestSite;
let asked: Asked;
let grant: Grant;

beforeAll(async () => {
  site = await TestSite.create();
  asked = await site.asked();
  grant = site.grant(asked);
});

function opened(envelope: Envelope, question = asked, nowUs = NOON): Promise<Answer> {
  return openDecision(envelope, question, site.trusted, site.officer.open, nowUs);
}

describe('a permit', () => {
  it('gives the live key when everything holds', async () => {
    const answer = await opened(await site.permit(asked, grant));
    expect(answer).toMatchObject({ outcome: 'permit', grant: { id: ids.grant }, keys: { view: 'live', liveKey: site.liveKey } });
  });

  it('gives covers and run keys for a recorded range', async () => {
    const question = await site.asked({ view: 'recorded', from_us: NOON - 10_000_000, until_us: NOON });
    const period = b64(new Uint8Array(16));
    const released = { grant: ids.grant, covers: [{ period, nodes: [[17, 3, b64(new Uint8Array(32))]] }], runs: [[period, 4, b64(new Uint8Array(32))]] };
    const answer = await opened(await site.permit(question, site.grant(question), { released }), question);
    if (answer.outcome !== 'permit' || answer.keys.view !== 'recorded') throw new Error('not opened');
    expect(answer.keys.recorded.opens({ period, segment: period, leaf: 3, run: 0 })).toBe(true);
    expect(answer.keys.recorded.opens({ period, segment: period, leaf: 2, run: 4 })).toBe(true);
    expect(answer.keys.recorded.opens({ period, segment: period, leaf: 2, run: 5 })).toBe(false);
  });

  it('is refused from a node that no agreement names', async () => {
    const forged = site.permit(asked, grant, { node: await testKey() });
    await expect(forged.then((envelope) => opened(envelope))).rejects.toMatchObject({ code: 'unknown-key' });
  });

  it('is refused when it answers another request', async () => {
    const other = await site.asked({ comment: 'another' });
    await expect(site.permit(other, grant).then((envelope) => opened(envelope))).rejects.toMatchObject({ code: 'not-ours' });
  });

  it.each<[string, Partial<Grant>]>([
    ['another camera', { camera: ids.node }],
    ['the redacted rendition', { rendition: 'redacted' }],
    ['another device', { device: b64(new Uint8Array(32)) }],
    ['another agreement', { agreement: b64(new Uint8Array(32)) }],
  ])('is refused when it opens %s than was asked for', async (_, changes) => {
    const changed = site.permit(asked, site.grant(asked, changes));
    await expect(changed.then((envelope) => opened(envelope))).rejects.toMatchObject({ code: 'not-ours' });
  });

  it('is refused when its range is longer than what was asked for', async () => {
    const question = await site.asked({ view: 'recorded', from_us: NOON - 10, until_us: NOON });
    const longer = site.permit(question, site.grant(question, { from_us: NOON - 11 }));
    await expect(longer.then((envelope) => opened(envelope, question))).rejects.toMatchObject({ code: 'not-ours' });
  });

  it('is refused when it shows a person of another range, or another person', async () => {
    const range = { view: 'recorded', from_us: NOON - 10, until_us: NOON };
    const question = await site.asked({ ...range, rendition: 'unmasked', track: 12, track_kind: 'vehicle', comment: 'why' });
    const changes: Partial<Grant>[] = [{ from_us: NOON - 9 }, { range_until_us: NOON - 1 }, { track: 13 }, { track: undefined }, { track_kind: 'person' }, { track_kind: undefined }];
    for (const change of changes) {
      const changed = site.permit(question, site.grant(question, change));
      await expect(changed.then((envelope) => opened(envelope, question))).rejects.toMatchObject({ code: 'not-ours' });
    }
    // Of a whole picture a node may show less than was asked for.
    const whole = await site.asked(range);
    const released = { grant: ids.grant, covers: [], runs: [] };
    const shorter = await site.permit(whole, site.grant(whole, { from_us: NOON - 9 }), { released });
    expect((await opened(shorter, whole)).outcome).toBe('permit');
  });

  it('is refused after its end', async () => {
    const envelope = await site.permit(asked, grant);
    await expect(opened(envelope, asked, grant.until_us)).rejects.toMatchObject({ code: 'not-in-force' });
  });

  it.each<[string, Record<string, Json>]>([
    ['another request', { request: b64(new Uint8Array(32)) }],
    ['another grant', { grant: { id: ids.node } }],
    ['a denial', { outcome: 'deny' }],
  ])('is refused when its log entry names %s', async (_, entry) => {
    const envelope = await site.permit(asked, grant, { entry });
    await expect(opened(envelope)).rejects.toMatchObject({ code: 'not-ours' });
  });

  it('is refused when the proof does not lead to the checkpoint', async () => {
    await site.permit(asked, grant);
    const fields = await statementOf(await site.permit(asked, grant));
    const log = { ...(fields['log'] as Record<string, Json>), salt: b64(new Uint8Array(32)) };
    const envelope = await signedBy(decision, { ...fields, log }, site.nodeKey);
    await expect(opened(envelope)).rejects.toMatchObject({ code: 'bad-proof' });
  });

  it('is refused when the sealed part was made for another checkpoint', async () => {
    const first = await statementOf(await site.permit(asked, grant));
    const second = await statementOf(await site.permit(asked, grant));
    const mixed = await signedBy(decision, { ...first, sealed: second['sealed'] as Json }, site.nodeKey);
    await expect(opened(mixed)).rejects.toMatchObject({ code: 'bad-seal' });
  });

  it('is refused when the sealed part names another grant', async () => {
    const released = { grant: ids.node, live_key: b64(site.liveKey) };
    await expect(site.permit(asked, grant, { released }).then((envelope) => opened(envelope))).rejects.toMatchObject({ code: 'not-ours' });
  });
});

it('reads a denial with its reason and a pending answer with its time', async () => {
  const base = { node: ids.node, request: asked.hash, grant: null, log: null, sealed: null, decided_us: NOON };
  const deny = await signedBy(decision, { ...base, outcome: 'deny', reason: 'signal-not-active', explanation: 'No alarm is up.', answer_by_us: null }, site.nodeKey);
  expect(await opened(deny)).toEqual({ outcome: 'deny', reason: 'signal-not-active', explanation: 'No alarm is up.' });
  const pending = await signedBy(decision, { ...base, outcome: 'pending', reason: null, explanation: null, answer_by_us: NOON + 1 }, site.nodeKey);
  expect(await opened(pending)).toEqual({ outcome: 'pending', answerByUs: NOON + 1, explanation: '' });
});

async function statementOf(envelope: Envelope): Promise<Record<string, Json>> {
  const text = atob(envelope.payload.replaceAll('-', '+').replaceAll('_', '/'));
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (c) => c.charCodeAt(0)))) as Record<string, Json>;
}

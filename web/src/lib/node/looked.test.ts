// @vitest-environment node
import { beforeEach, describe, expect, it } from 'vitest';
import { b64, utf8 } from '../secure/bytes';
import type { Json } from '../secure/canonical';
import type { LogProof } from '../secure/statements';
import { TestLog } from '../secure/testing/log';
import { ids, NOON } from '../secure/testing/site';
import type { AccessLine } from './client';
import { exportLines, together, verifyAccesses, verifyRefusals, verifyStills } from './looked';
import { OwnLog } from './own-log';
import { memoryCheckpoints, sourceOf } from './testing/own-log';

const why = { purpose: 'emergency', agency: '', agency_name: 'Helsinki police', camera_name: 'Yard', incident_title: 'Intrusion', comment: '' };
const grant = {
  id: ids.grant, camera: ids.camera, view: 'live', rendition: 'clear', since_us: NOON, until_us: NOON + 7_200_000_000,
  from_us: NOON, range_until_us: null,
};
let log: TestLog;
let own: OwnLog;

beforeEach(async () => {
  log = await TestLog.create();
  own = await OwnLog.open(sourceOf(() => log), memoryCheckpoints(), log.vkey);
});

function permit(changes: Record<string, Json> = {}): Promise<LogProof> {
  const entry = { kind: 'decision', outcome: 'permit', at_us: NOON, name: 'Aino Korhonen', role: 'officer', why, grant, ...changes };
  return log.append(entry as Json);
}

function ended(changes: Record<string, Json> = {}): Promise<LogProof> {
  return log.append({ kind: 'end', grant: ids.grant, reason: 'owner-closed', ended_us: NOON + 60_000_000, viewed_us: 50_000_000, ...changes });
}

/** What the node says beside the proofs; none of it is believed while they hold. */
function line(opened: LogProof | null, closed: LogProof | null): AccessLine {
  return {
    grant: ids.grant, name: 'Somebody else', role: 'analyst', agency_name: 'Another agency', camera_name: 'Nothing', view: 'live',
    rendition: 'redacted', purpose: 'exercise', incident_title: '', comment: '', since_us: 1, until_us: 2, ended_us: closed ? 3 : null,
    reason: null, viewed_us: 0, opened, closed,
  };
}

describe('who looked', () => {
  it('is told from the proven entries, not from the node’s own words', async () => {
    const lines = [line(await permit(), await ended())];
    await own.follow();
    expect(await verifyAccesses(lines, own)).toMatchObject([
      {
        name: 'Aino Korhonen', role: 'officer', agency: 'Helsinki police', camera: 'Yard', rendition: 'clear', purpose: 'emergency',
        title: 'Intrusion', atUs: NOON, endedUs: NOON + 60_000_000, viewedUs: 50_000_000, reason: 'owner-closed',
        proof: { state: 'proved', index: 0, endIndex: 1 },
      },
    ]);
  });

  it('is an alarm when an entry was changed, or is about another access', async () => {
    const opened = await permit();
    const other = await ended({ grant: ids.owner });
    const changed = { ...opened, entry: (await permit({ name: 'A friend' })).entry };
    await own.follow();
    const [first, second] = await verifyAccesses([line(changed, null), line(opened, other)], own);
    expect(first?.proof).toMatchObject({ state: 'broken' });
    expect(second?.proof).toMatchObject({ state: 'broken', reason: expect.stringContaining('another access') });
  });

  it('says when its details were erased', async () => {
    await permit();
    await own.follow();
    expect(await verifyAccesses([line(null, null)], own)).toMatchObject([{ proof: { state: 'erased' } }]);
  });

  it('shows which recorded time was opened', async () => {
    const recorded = { ...grant, view: 'recorded', from_us: NOON - 9, range_until_us: NOON - 1 };
    const lines = [line(await permit({ grant: recorded as unknown as Json }), null)];
    await own.follow();
    expect(await verifyAccesses(lines, own)).toMatchObject([
      { view: 'recorded', range: { fromUs: NOON - 9, untilUs: NOON - 1 }, endedUs: null },
    ]);
  });
});

it('says who of a recording was clear', async () => {
  const one = { ...grant, view: 'recorded', rendition: 'unmasked', track: 12, track_kind: 'vehicle', from_us: NOON - 9, range_until_us: NOON - 1 };
  const lines = [line(await permit({ grant: one as unknown as Json }), null), line(await permit(), null)];
  await own.follow();
  expect(await verifyAccesses(lines, own)).toMatchObject([{ rendition: 'unmasked', track: 12, trackKind: 'vehicle' }, { track: null }]);
});

describe('who was refused', () => {
  const deny = { kind: 'decision', outcome: 'deny', at_us: NOON + 5, reason: 'signal-not-active', explanation: 'No alarm.' };

  it('is named when certificates held, and nobody when they did not', async () => {
    const named = await log.append({ ...deny, name: 'Aino Korhonen', role: 'officer', why });
    const unknown = await log.append({ ...deny, reason: 'certificate-invalid' });
    await own.follow();
    expect(await verifyRefusals([named, unknown], own)).toMatchObject([
      { name: 'Aino Korhonen', camera: 'Yard', reason: 'signal-not-active', proof: { state: 'proved', index: 0 } },
      { name: '', reason: 'certificate-invalid', proof: { state: 'proved', index: 1 } },
    ]);
  });

  it('cannot be passed off: a permit is no refusal', async () => {
    const proof = await permit();
    await own.follow();
    expect(await verifyRefusals([proof], own)).toMatchObject([{ proof: { state: 'broken' } }]);
  });

  it('stands among the looks by time, and all proofs are exported in the log’s order', async () => {
    const opened = await permit();
    const refusal = await log.append(deny);
    const closed = await ended();
    await own.follow();
    const looks = await verifyAccesses([line(opened, closed)], own);
    const refusals = await verifyRefusals([refusal], own);
    const all = together(looks, refusals);
    expect(all.map(({ kind }) => kind)).toEqual(['refusal', 'look']);
    const lines = exportLines(all).trimEnd().split('\n').map((text) => JSON.parse(text) as LogProof);
    expect(lines).toEqual([opened, refusal, closed]);
  });
});

describe('pictures for own devices', () => {
  const wish = { node: ids.grant, camera: ids.camera, device: `${'d'.repeat(42)}A`, challenge: 'AAAA', at_us: NOON };
  const named = (camera: string): string => (camera === ids.camera ? 'Yard' : '');
  const entry = (statement: Record<string, unknown>): Record<string, Json> => ({
    kind: 'still',
    at_us: NOON + 7,
    statement: { payloadType: 'x', payload: b64(utf8(JSON.stringify(statement))), signatures: [] },
  });

  it('name camera and device, by the statement that the log holds', async () => {
    const proof = await log.append(entry(wish));
    await own.follow();
    expect(await verifyStills([proof], own, named)).toMatchObject([
      { kind: 'still', camera: 'Yard', device: wish.device, atUs: NOON + 7, proof: { state: 'proved', index: 0 } },
    ]);
  });

  it('are not to be made up of something else', async () => {
    const proofs = [await log.append(entry({ ...wish, camera: 'x' })), await permit()];
    await own.follow();
    expect(await verifyStills(proofs, own, named)).toMatchObject([{ proof: { state: 'broken' } }, { proof: { state: 'broken' } }]);
  });
});

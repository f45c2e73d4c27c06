import { beforeAll, describe, expect, it } from 'vitest';
import type { IncidentView } from '$lib/hub/client';
import { incidentOf, signalOf, siteOf } from '$lib/hub/testing/city';
import { valueOr } from '$lib/loadable';
import type { Envelope } from '$lib/secure/envelope';
import { ids, NOON, testKey, TestSite } from '$lib/secure/testing/site';
import type { Camera, Incident } from '$lib/types';
import { Board } from './board.svelte';
import { Feed } from './feed.svelte';

let site: TestSite;
beforeAll(async () => {
  site = await TestSite.create();
});

interface Scene {
  readonly board: Board;
  readonly feed: Feed;
  readonly heard: { readonly incident: IncidentView; readonly news: boolean }[];
  nowUs: number;
}

async function scene(agreements: readonly Envelope[] = [site.agreement]): Promise<Scene> {
  const board = new Board();
  const heard: Scene['heard'] = [];
  const made = { board, heard, nowUs: NOON + 1_000_000 } as { -readonly [K in keyof Scene]: Scene[K] };
  made.feed = new Feed({
    board,
    agency: { agreements: async () => ({ outcome: 'ok', value: agreements }) },
    root: site.agencyRoot.raw,
    role: 'officer',
    nowUs: () => made.nowUs,
    onIncident: (incident, news) => void heard.push({ incident, news }),
  });
  await made.feed.reload();
  return made;
}

async function present(agreements?: readonly Envelope[]): Promise<Scene> {
  const made = await scene(agreements);
  made.feed.begin();
  await made.feed.take({ type: 'site', site: await siteOf(site) });
  await made.feed.take({ type: 'ready', atUs: NOON });
  return made;
}

const cameras = ({ board }: Scene): readonly Camera[] => valueOr<readonly Camera[]>(board.cameras, []);
const incidents = ({ board }: Scene): readonly Incident[] => valueOr<readonly Incident[]>(board.incidents, []);

describe('what the board shows of the city', () => {
  it('is drawn once the present state is complete, not before', async () => {
    const made = await scene();
    await made.feed.take({ type: 'site', site: await siteOf(site) });
    expect(cameras(made)).toEqual([]);
    await made.feed.take({ type: 'ready', atUs: NOON });
    expect(cameras(made)).toMatchObject([{ id: ids.camera, owner: 'Kallio school', state: 'alarm' }]);
    expect(made.board.nodes).toEqual({ connected: 1, known: 1 });
  });

  it('opens with the alarm and closes after its linger, by the clock alone', async () => {
    const made = await present();
    await made.feed.take({ type: 'signal', node: ids.node, signal: await signalOf(site) });
    expect(cameras(made)[0]?.state).toBe('shared');
    const cleared = await signalOf(site, { sequence: 2, state: 'cleared', cleared_us: NOON + 2 });
    await made.feed.take({ type: 'signal', node: ids.node, signal: cleared });
    expect(cameras(made)[0]?.state).toBe('shared');
    made.nowUs = NOON + 300_000_002;
    made.feed.tick();
    expect(cameras(made)[0]?.state).toBe('alarm');
  });

  it('says that a site is not connected', async () => {
    const made = await present();
    await made.feed.take({ type: 'site', site: { ...(await siteOf(site)), online: false } });
    expect(cameras(made)[0]?.state).toBe('offline');
    expect(made.board.nodes).toEqual({ connected: 0, known: 1 });
  });

  it('leaves out and counts a site that no agreement of ours names', async () => {
    const made = await present([]);
    expect(cameras(made)).toEqual([]);
    expect(made.feed.unverified).toBe(1);
  });

  it('does not hand on equal lists, for which the map would draw anew', async () => {
    const made = await present();
    const before = made.board.cameras;
    made.feed.tick();
    await made.feed.take({ type: 'site', site: await siteOf(site) });
    expect(made.board.cameras).toBe(before);
  });

  it('goes on after a message that cannot be believed', async () => {
    const made = await present();
    await made.feed.take({ type: 'signal', node: ids.node, signal: await signalOf(site, {}, await testKey()) });
    expect(cameras(made)[0]?.state).toBe('alarm');
    expect(made.feed.unverified).toBe(1);
    await made.feed.take({ type: 'signal', node: ids.node, signal: await signalOf(site) });
    expect(cameras(made)[0]?.state).toBe('shared');
  });
});

describe('incidents', () => {
  it('show the alarm that opened them, as its node signed it', async () => {
    const made = await present();
    await made.feed.take({ type: 'signal', node: ids.node, signal: await signalOf(site) });
    await made.feed.take({ type: 'incident', incident: incidentOf() });
    expect(incidents(made)).toMatchObject([{ id: ids.incident, place: 'Kallio school', openedBy: 'signal', signals: [{ kind: 'intrusion' }] }]);
  });

  it('are news from the moment on at which the first state was complete', async () => {
    const made = await scene();
    made.feed.begin();
    await made.feed.take({ type: 'incident', incident: incidentOf() });
    await made.feed.take({ type: 'ready', atUs: NOON });
    await made.feed.take({ type: 'incident', incident: incidentOf({ id: ids.grant }) });
    expect(made.heard.map(({ news }) => news)).toEqual([false, true]);
    // What came to pass while the hub could not be heard is news, too.
    made.feed.begin();
    await made.feed.take({ type: 'incident', incident: incidentOf({ id: ids.person }) });
    expect(made.heard.at(-1)?.news).toBe(true);
  });

  it('leave the list when they close, and stay in sight where they are looked at', async () => {
    const made = await present();
    await made.feed.take({ type: 'incident', incident: incidentOf() });
    expect(made.board.pickIncident(ids.incident)).toBe(true);
    await made.feed.take({ type: 'incident', incident: incidentOf({ closed_us: NOON + 1, openable: [] }) });
    expect(incidents(made)).toEqual([]);
    expect(made.board.spot?.incident?.closed).not.toBeNull();
  });
});

// @vitest-environment node
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EPISODE } from '$lib/hub/testing/city';
import { valueOr } from '$lib/loadable';
import { ids, NOON, testKey } from '$lib/secure/testing/site';
import type { Camera } from '$lib/types';
import { Board } from './board.svelte';
import { Desk } from './desk.svelte';
import { HUB, NOW, Town } from './testing/town';

let town: Town;
let board: Board;
let desk: Desk;
let notes: Map<string, string>;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW / 1000 });
  town = await Town.open();
  notes = new Map();
});

afterEach(() => {
  desk.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function newDesk(): Desk {
  board = new Board();
  return new Desk({
    config: {
      hub: HUB, hubId: 'h1', agency: ids.agency, organisation: 'Helsinki police', root: town.site.agencyRoot.raw,
      center: [24.9, 60.2], basemap: '/map', demo: false, tour: null,
    },
    identity: town.site.officer,
    role: 'officer',
    board,
    onRefused: () => undefined,
    notes: { getItem: (key) => notes.get(key) ?? null, setItem: (key, value) => void notes.set(key, value) },
  });
}

/** An officer who has logged in and heard the present state. */
async function atWork(): Promise<void> {
  desk = newDesk();
  await desk.start();
  await expect.poll(() => town.sockets.length).toBeGreaterThan(0);
  const known = new Promise<void>((resolve) => desk.whenKnown(resolve));
  await town.tell(...(await town.present()));
  await known;
}

const state = (): string | undefined => desk.wall.current?.state.kind;

it('names the officer as the agency does, and draws the cameras of the city', async () => {
  await atWork();
  expect(board.viewer).toMatchObject({ name: 'A. Virtanen', role: 'officer', agency: 'Helsinki police' });
  expect(valueOr<readonly Camera[]>(board.cameras, [])).toMatchObject([{ id: ids.camera, owner: 'Kallio school' }]);
});

it('says that the agency does not answer', async () => {
  const answers = globalThis.fetch;
  vi.stubGlobal('fetch', (input: string, init?: RequestInit) =>
    input.startsWith(HUB) ? answers(input, init) : Promise.reject(new TypeError('no network')),
  );
  desk = newDesk();
  await desk.start();
  expect(board.incidents).toMatchObject({ state: 'failed', problem: { kind: 'offline' } });
});

describe('an alarm', () => {
  it('opens its cameras by itself where the officer has chosen that, once for each raise', async () => {
    await atWork();
    desk.chooseWatchAtOnce(true);
    await town.rise();
    await expect.poll(() => desk.wall.tiles.map(({ id }) => id)).toEqual([ids.camera]);
    desk.wall.remove(desk.wall.tiles[0]!);
    await town.rise();
    expect(desk.wall.tiles).toEqual([]);
    await town.tell({ type: 'signal', node: ids.node, signal: await town.alarm({ sequence: 2, raised_us: NOON + 2, episode: EPISODE }) });
    await expect.poll(() => desk.wall.tiles.length).toBe(1);
  });

  it('opens nothing by itself where nobody has chosen that', async () => {
    await atWork();
    await town.rise();
    await expect.poll(() => valueOr(board.incidents, []).length).toBe(1);
    expect(desk.wall.tiles).toEqual([]);
    desk.watch(ids.incident, [ids.camera]);
    await expect.poll(state).toBe('connecting');
    expect(town.asked[0]?.statement).toMatchObject({ camera: ids.camera, incident: ids.incident, purpose: 'emergency', view: 'live' });
  });

  it('is chosen for good: the next start remembers', async () => {
    await atWork();
    desk.chooseWatchAtOnce(true);
    desk.stop();
    await atWork();
    expect(desk.watchAtOnce).toBe(true);
  });
});

describe('an end that the hub tells of', () => {
  beforeEach(async () => {
    await atWork();
    await town.rise();
    await expect.poll(() => desk.feed.opening(ids.camera)?.how).toBe('now');
    desk.watch(ids.incident, [ids.camera]);
    await expect.poll(state).toBe('connecting');
  });

  it('counts with the site’s signature, and gives its reason', async () => {
    const grant = town.grantOf(0);
    await town.tell({ type: 'ended', grant, ended: await town.site.end('owner-closed', { grant }) });
    await expect.poll(() => desk.wall.current?.state).toEqual({ kind: 'ended', reason: 'owner-closed' });
  });

  it('changes nothing when somebody else has signed it, or it is about another grant', async () => {
    const grant = town.grantOf(0);
    const site = town.site;
    const other = Object.create(site, { nodeKey: { value: await testKey() } }) as typeof site;
    await town.tell({ type: 'ended', grant, ended: await other.end('owner-closed', { grant }) });
    await town.tell({ type: 'ended', grant, ended: await site.end('owner-closed', { grant: ids.grant }) });
    // An event after them shows that both have been heard.
    await town.tell({ type: 'ended', grant, ended: await site.end('time-box-ended', { grant }) });
    await expect.poll(() => desk.wall.current?.state).toEqual({ kind: 'ended', reason: 'time-box-ended' });
  });
});

it('says when the hub is lost, and listens anew', async () => {
  await atWork();
  expect(board.link.state).toBe('open');
  const socket = town.sockets.at(-1)!;
  socket.drop(1006);
  expect(board.link.state).toBe('waiting');
  await expect.poll(() => board.link.state, { timeout: 3000 }).toBe('open');
});

// @vitest-environment node
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Opening } from '$lib/hub/openings';
import { ids, NOON } from '$lib/secure/testing/site';
import type { WallTile } from './tile.svelte';
import { fakeCanvas } from './testing/browser';
import { drawnOn, Town } from './testing/town';

let town: Town;
const tiles: WallTile[] = [];

beforeEach(async () => {
  town = await Town.open();
});

afterEach(() => {
  for (const tile of tiles.splice(0)) tile.close();
  vi.unstubAllGlobals();
});

function tileOf(...options: Parameters<Town['tile']>): WallTile {
  const tile = town.tile(...options);
  tiles.push(tile);
  return tile;
}

async function watched(options: Parameters<Town['tile']>[0] = {}): Promise<{ tile: WallTile; canvas: HTMLCanvasElement }> {
  const tile = tileOf(options);
  await tile.live.ask('main');
  const canvas = fakeCanvas();
  tile.live.attach(canvas);
  return { tile, canvas };
}

describe('a tile that is asked for', () => {
  it('goes from the question to a live picture with the end that the site signs', async () => {
    const tile = tileOf();
    const asking = tile.live.ask('main');
    expect(tile.state.kind).toBe('asking');
    await asking;
    expect(tile.state.kind).toBe('connecting');
    const canvas = fakeCanvas();
    const drawn = drawnOn(canvas);
    tile.live.attach(canvas);
    await expect.poll(() => tile.state.kind).toBe('live');
    expect(drawn.length).toBeGreaterThan(0);
    await expect.poll(() => tile.closes()?.atUs).toBe(NOON + 300_000_000);
    // The alarm is renewed: the same access lasts longer.
    town.closesUs = NOON + 360_000_000;
    await expect.poll(() => tile.closes()?.atUs, { timeout: 5000 }).toBe(NOON + 360_000_000);
  });

  it('is denied with the site’s reason and its words', async () => {
    town.live = { deny: 'signal-not-active' };
    const tile = tileOf();
    await tile.live.ask('main');
    expect(tile.state).toEqual({ kind: 'denied', reason: 'signal-not-active', explanation: 'Because.' });
    expect(tile.closes()).toBeNull();
  });

  it('is not asked for where no agreement opens it', async () => {
    const tile = tileOf({ opening: () => null });
    await tile.live.ask('main');
    expect(tile.state).toMatchObject({ kind: 'denied', reason: 'camera-not-shared' });
    expect(town.asked).toEqual([]);
  });

  it('waits for the owner and opens by itself when they say yes', async () => {
    town.live = 'pending';
    const tile = tileOf({ opening: () => town.opening('request') });
    const asking = tile.live.ask('main');
    await expect.poll(() => tile.state.kind).toBe('pending');
    await town.answer(0, 'permit');
    await asking;
    expect(tile.state.kind).toBe('connecting');
  });

  it('says when the hub cannot be reached', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no network')));
    const tile = tileOf();
    await tile.live.ask('main');
    expect(tile.state).toEqual({ kind: 'failed', code: 'unreachable' });
  });
});

describe('the end of a tile', () => {
  it('is told with its reason, and only for its own grant', async () => {
    const { tile } = await watched();
    await expect.poll(() => tile.state.kind).toBe('live');
    tile.ended('01900000-0000-7000-8000-0000000000ff', 'owner-closed');
    expect(tile.state.kind).toBe('live');
    tile.ended(town.grantOf(0), 'owner-closed');
    expect(tile.state).toEqual({ kind: 'ended', reason: 'owner-closed' });
  });

  it('is reckoned from the alarm, as the owner’s page does, until the site has said it', async () => {
    const up = await town.signal({ lease_until_us: NOON + 60_000_000 });
    const down = await town.signal({ state: 'cleared', cleared_us: NOON + 10_000_000 });
    let signal = up;
    const opening = (): Opening => ({ ...town.opening(), signal });
    town.closesUs = NOON + 3_600_000_000;
    const tile = tileOf({ opening });
    await tile.live.ask('main');
    expect(tile.closes()).toEqual({ atUs: NOON + 360_000_000, mayGoOn: true });
    signal = down;
    expect(tile.closes()).toEqual({ atUs: NOON + 310_000_000, mayGoOn: false });
  });

  it('is the grant’s own where the owner said yes, whatever alarm is up', async () => {
    const signal = await town.signal();
    let opening: Opening = town.opening('request');
    const tile = tileOf({ opening: () => opening });
    await tile.live.ask('main');
    opening = { ...town.opening(), clause: { ...town.opening().clause, id: 'another' }, signal };
    expect(tile.closes()).toEqual({ atUs: NOON + 3_600_000_000, mayGoOn: false });
  });
});

describe('the stream of a tile', () => {
  it('follows its size', () => {
    const tile = tileOf({ streams: ['main', 'sub'] });
    expect([tile.streamFor(true), tile.streamFor(false)]).toEqual(['main', 'sub']);
    expect(tileOf({ streams: ['main'] }).streamFor(false)).toBe('main');
  });

  it('stays the one that the owner said yes to', async () => {
    const tile = tileOf({ streams: ['main', 'sub'], opening: () => town.opening('request') });
    await tile.live.ask('sub');
    expect(tile.live.grant).toMatchObject({ stream: 'sub', camera: ids.camera });
    expect(tile.streamFor(true)).toBe('sub');
  });
});

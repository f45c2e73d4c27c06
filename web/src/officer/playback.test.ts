// @vitest-environment node
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Opening } from '$lib/hub/openings';
import { fakeCanvas } from './testing/browser';
import { drawnOn, FRAME_US, NOW, RECORDED_FROM, Town } from './testing/town';
import type { WallTile } from './tile.svelte';
import { VideoWall } from './wall.svelte';

let town: Town;
let wall: VideoWall;
let how: Opening['how'];

beforeEach(async () => {
  town = await Town.open();
  wall = new VideoWall(() => town.nowUs);
  how = 'now';
});

afterEach(() => {
  wall.close();
  vi.unstubAllGlobals();
});

const views = (): readonly string[] => town.asked.map(({ statement }) => statement.view);

/** A tile on the wall, with something to draw its recordings on. */
async function hung(): Promise<{ tile: WallTile; drawn: ReturnType<typeof drawnOn> }> {
  const tile = town.tile({ opening: () => town.opening(how) });
  const canvas = fakeCanvas();
  const drawn = drawnOn(canvas);
  tile.recorded.attach(canvas);
  wall.add([tile]);
  await expect.poll(views).toEqual(['live']);
  return { tile, drawn };
}

describe('scrubbing', () => {
  it('shows exactly the picture of each instant, and asks the site once', async () => {
    const { tile, drawn } = await hung();
    for (const picture of [0, 7, 24, 25, 101, 249, 3]) {
      await wall.playback.seek(RECORDED_FROM + picture * FRAME_US + FRAME_US / 2);
      expect(drawn.at(-1)?.wallUs).toBe(RECORDED_FROM + picture * FRAME_US);
      expect(tile.state).toEqual({ kind: 'recorded', wallUs: RECORDED_FROM + picture * FRAME_US, playing: false, gap: false });
    }
    expect(views()).toEqual(['live', 'recorded']);
  });

  it('steps picture by picture, and the handle follows', async () => {
    const { drawn } = await hung();
    await wall.playback.seek(RECORDED_FROM + 24 * FRAME_US);
    await wall.playback.step(1);
    expect(drawn.at(-1)?.wallUs).toBe(RECORDED_FROM + 25 * FRAME_US);
    expect(wall.playback.positionUs).toBe(RECORDED_FROM + 25 * FRAME_US);
    await wall.playback.step(-1);
    expect(wall.playback.positionUs).toBe(RECORDED_FROM + 24 * FRAME_US);
  });

  it('says that there is no picture of an instant, and shows the last one before it', async () => {
    const { tile } = await hung();
    await wall.playback.seek(NOW - 500_000);
    expect(tile.state).toMatchObject({ kind: 'recorded', wallUs: RECORDED_FROM + 249 * FRAME_US, gap: true });
  });

  it('reaches neither before what is open nor into the future', async () => {
    await hung();
    await wall.playback.seek(NOW + 60_000_000);
    expect(wall.playback.positionUs).toBe(NOW);
    await wall.playback.seek(0);
    expect(wall.playback.positionUs).toBe(wall.playback.fromUs);
  });

  it('asks for more once time has gone on, and stands where it was wanted', async () => {
    const { tile, drawn } = await hung();
    await wall.playback.seek(RECORDED_FROM);
    town.nowUs += 20_000_000;
    await town.recording.record(5, NOW + 2_000_000);
    await wall.playback.seek(NOW + 4_000_000);
    await expect.poll(() => drawn.at(-1)?.wallUs).toBe(NOW + 4_000_000);
    expect(tile.state).toMatchObject({ kind: 'recorded', gap: false });
    expect(views()).toEqual(['live', 'recorded', 'recorded']);
  });

  it('is denied in words where the agreement opens no recordings', async () => {
    town.recorded = { deny: 'view-not-agreed' };
    const { tile } = await hung();
    await wall.playback.seek(RECORDED_FROM);
    expect(tile.state).toEqual({ kind: 'denied', reason: 'view-not-agreed', explanation: 'Because.' });
    await wall.playback.seek(RECORDED_FROM + 1_000_000);
    expect(views()).toEqual(['live', 'recorded']);
  });
});

describe('back to live', () => {
  it('is one step, and what was open stays open for the next look back', async () => {
    const { tile } = await hung();
    await wall.playback.back(10);
    expect([wall.playback.mode, tile.mode]).toEqual(['recorded', 'recorded']);
    wall.playback.live();
    expect([wall.playback.mode, tile.mode]).toEqual(['live', 'live']);
    await wall.playback.back(10);
    expect(tile.state.kind).toBe('recorded');
    expect(views()).toEqual(['live', 'recorded']);
  });

  it('comes by itself when playing has caught up with now', async () => {
    await hung();
    town.nowUs = RECORDED_FROM + 10_500_000;
    await wall.playback.seek(RECORDED_FROM + 249 * FRAME_US);
    wall.playback.toggle();
    await expect.poll(() => (wall.playback.follow(), wall.playback.mode), { timeout: 5000 }).toBe('live');
  });
});

describe('looking back where the owner has to say yes', () => {
  beforeEach(() => {
    how = 'request';
    town.recorded = 'pending';
  });

  it('asks nobody until somebody says so', async () => {
    const { tile } = await hung();
    await wall.playback.back(10);
    await wall.playback.seek(RECORDED_FROM);
    expect(tile.state).toEqual({ kind: 'to-ask', open: null });
    expect(views()).toEqual(['live']);
  });

  it('is one request however often it is pressed, and shows the wanted picture after the yes', async () => {
    const { tile, drawn } = await hung();
    await wall.playback.seek(RECORDED_FROM + 30 * FRAME_US);
    const asking = wall.playback.open(tile);
    await expect.poll(() => tile.state.kind).toBe('pending');
    const again = wall.playback.open(tile);
    await wall.playback.seek(RECORDED_FROM + 60 * FRAME_US);
    expect(views()).toEqual(['live', 'recorded']);
    await town.answer(1, 'permit');
    await Promise.all([asking, again]);
    expect(drawn.at(-1)?.wallUs).toBe(RECORDED_FROM + 60 * FRAME_US);
    expect(views()).toEqual(['live', 'recorded']);
  });

  it('says no with the owner’s word', async () => {
    const { tile } = await hung();
    await wall.playback.seek(RECORDED_FROM);
    const asking = wall.playback.open(tile);
    await expect.poll(() => tile.state.kind).toBe('pending');
    await town.answer(1, { deny: 'approval-refused' });
    await asking;
    expect(tile.state).toMatchObject({ kind: 'denied', reason: 'approval-refused' });
  });

  it('says where the owner’s yes ends, and goes back to what it opened without asking', async () => {
    town.recorded = 'permit';
    const { tile } = await hung();
    await wall.playback.seek(RECORDED_FROM);
    await wall.playback.open(tile);
    await wall.playback.seek(RECORDED_FROM + FRAME_US);
    expect(tile.state.kind).toBe('recorded');
    town.nowUs += 60_000_000;
    await wall.playback.seek(NOW + 30_000_000);
    expect(tile.state).toEqual({ kind: 'to-ask', open: tile.recorded.released });
    await wall.playback.seek(RECORDED_FROM + 2 * FRAME_US);
    expect(tile.state).toMatchObject({ kind: 'recorded', wallUs: RECORDED_FROM + 2 * FRAME_US });
    expect(views()).toEqual(['live', 'recorded']);
  });
});

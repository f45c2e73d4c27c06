// @vitest-environment node
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeCanvas } from './testing/browser';
import { drawnOn, FRAME_US, NOW, Town, type TownTile } from './testing/town';
import type { WallTile } from './tile.svelte';
import { VideoWall } from './wall.svelte';

let town: Town;
let wall: VideoWall;

beforeEach(async () => {
  town = await Town.open();
  wall = new VideoWall(() => town.nowUs);
});

afterEach(() => {
  wall.close();
  vi.unstubAllGlobals();
});

const asked = (): readonly string[] => town.asked.map(({ statement: { view, rendition } }) => `${view} ${rendition}`);

/** A tile on the wall with a canvas for each view; live pictures are there. */
async function hung(options: TownTile = {}): Promise<{ tile: WallTile; drawn: ReturnType<typeof drawnOn> }> {
  const tile = town.tile({ opening: town.covered, ...options });
  const canvas = fakeCanvas();
  const drawn = drawnOn(canvas);
  tile.live.attach(fakeCanvas());
  tile.recorded.attach(canvas);
  wall.add([tile]);
  await expect.poll(() => tile.live.state.kind).toBe('live');
  return { tile, drawn };
}

describe('live', () => {
  it('is redacted at once where the alarm opens that, and says how much is covered', async () => {
    town.redaction = { state: 'whole', reason: 'camera-moved' };
    const { tile } = await hung();
    expect(asked()).toEqual(['live redacted']);
    expect([tile.rendition, tile.clearer]).toEqual(['redacted', 'request']);
    await expect.poll(() => tile.live.redaction).toEqual({ state: 'whole', reason: 'camera-moved' });
  });

  it('stays in sight while the owner is asked for the clear picture, which takes its place', async () => {
    const { tile } = await hung();
    town.live = 'pending';
    const asking = wall.playback.openClear(tile);
    await expect.poll(() => tile.beside?.kind).toBe('pending');
    expect([tile.state.kind, tile.rendition]).toEqual(['live', 'redacted']);
    await town.answer(1, 'permit');
    await asking;
    await expect.poll(() => tile.rendition).toBe('clear');
    expect([tile.beside, tile.clearer, tile.live.redaction]).toEqual([null, null, null]);
    expect(asked()).toEqual(['live redacted', 'live clear']);
  });

  it('stays as it is when the owner refuses, and says so', async () => {
    const { tile } = await hung();
    town.live = { deny: 'approval-refused' };
    await wall.playback.openClear(tile);
    expect([tile.state.kind, tile.rendition]).toEqual(['live', 'redacted']);
    expect(tile.beside).toEqual({ kind: 'denied', reason: 'approval-refused', explanation: 'Because.' });
    expect(tile.clearer).toBe('request');
  });

  it('becomes clear by itself when an alarm that opens clear rises and somebody watches anew', async () => {
    let raised = false;
    const opening: TownTile['opening'] = (_camera, _view, rendition) =>
      raised && rendition !== 'redacted' ? town.opening('now', 'clear') : town.opening('request', 'redacted');
    const { tile } = await hung({ opening });
    expect(asked()).toEqual(['live redacted']);
    raised = true;
    wall.add([tile]);
    await expect.poll(() => tile.rendition).toBe('clear');
  });

  it('is redacted where that is wanted, although clear would open', async () => {
    const opening: TownTile['opening'] = (_camera, _view, rendition) => town.opening('now', rendition ?? 'clear');
    const { tile } = await hung({ opening, wanted: 'redacted' });
    expect(asked()).toEqual(['live redacted']);
    expect(tile.clearer).toBe('now');
    wall.add([tile]);
    expect(tile.rendition).toBe('redacted');
  });
});

it('is not asked for where only another rendition is agreed', async () => {
  const tile = town.tile({ opening: (_camera, _view, rendition) => (rendition === 'redacted' ? null : town.opening()), wanted: 'redacted' });
  wall.add([tile]);
  await expect.poll(() => tile.state).toMatchObject({ kind: 'denied', reason: 'rendition-not-agreed' });
  expect(asked()).toEqual([]);
});

describe('a recorded range that is still being made', () => {
  const AT = NOW - 9_000_000;

  it('says so until the first pictures are there, then shows the wanted one and grows', async () => {
    town.making = true;
    const segment = await town.recording.record(0, AT, { rendition: 'redacted' });
    const { tile, drawn } = await hung();
    await wall.playback.seek(AT + 30 * FRAME_US);
    expect(tile.state.kind).toBe('preparing');
    expect(tile.recorded.preparing).toBe(true);
    await town.recording.continue(segment, 1, AT);
    await expect.poll(() => tile.state, { timeout: 5000 }).toMatchObject({ kind: 'recorded', wallUs: AT + 24 * FRAME_US, gap: true });
    await town.recording.continue(segment, 2, AT + 1_000_000);
    await expect.poll(() => tile.state, { timeout: 5000 }).toMatchObject({ wallUs: AT + 30 * FRAME_US, gap: false });
    expect(tile.recorded.preparing).toBe(true);
    town.making = false;
    await expect.poll(() => tile.recorded.preparing, { timeout: 5000 }).toBe(false);
    expect(drawn.at(-1)?.wallUs).toBe(AT + 30 * FRAME_US);
    expect(asked()).toEqual(['live redacted', 'recorded redacted']);
  });

  it('stands still while somebody chooses in it, and grows all the same', async () => {
    town.making = true;
    const segment = await town.recording.record(0, AT, { rendition: 'redacted' });
    const { tile, drawn } = await hung();
    await wall.playback.seek(AT + 30 * FRAME_US);
    await town.recording.continue(segment, 1, AT);
    await expect.poll(() => tile.state, { timeout: 5000 }).toMatchObject({ wallUs: AT + 24 * FRAME_US, gap: true });
    wall.playback.stand();
    await town.recording.continue(segment, 2, AT + 1_000_000);
    await expect.poll(() => tile.state, { timeout: 5000 }).toMatchObject({ wallUs: AT + 24 * FRAME_US, gap: false });
    expect(drawn.at(-1)?.wallUs).toBe(AT + 24 * FRAME_US);
  });

  it('is stepped through picture by picture as far as it is made', async () => {
    town.making = true;
    const segment = await town.recording.record(1, AT, { rendition: 'redacted' });
    await hung();
    await wall.playback.seek(AT + 23 * FRAME_US);
    for (const picture of [24, 24]) {
      await wall.playback.step(1);
      expect(wall.playback.positionUs).toBe(AT + picture * FRAME_US);
    }
    await town.recording.continue(segment, 1, AT + 1_000_000);
    await expect.poll(() => wall.tiles[0]?.recorded.spans.at(-1)?.untilUs, { timeout: 5000 }).toBeGreaterThan(AT + 1_500_000);
    await wall.playback.step(1);
    expect(wall.playback.positionUs).toBe(AT + 25 * FRAME_US);
    await wall.playback.step(-1);
    expect(wall.playback.positionUs).toBe(AT + 24 * FRAME_US);
  });

  it('is asked for from just before the wanted instant, and again for an earlier one', async () => {
    await town.recording.record(10, NOW - 10_000_000, { rendition: 'redacted' });
    await hung();
    await wall.playback.seek(NOW - 3_000_000);
    await wall.playback.seek(NOW - 2_000_000);
    expect(asked()).toEqual(['live redacted', 'recorded redacted']);
    expect(town.asked[1]?.statement.from_us).toBe(NOW - 4_000_000);
    await wall.playback.seek(NOW - 8_000_000);
    expect(asked()).toHaveLength(3);
    expect(town.asked[2]?.statement.from_us).toBe(NOW - 9_000_000);
  });

  it('is empty when nothing of it could be made', async () => {
    const { tile } = await hung();
    await wall.playback.seek(AT);
    await expect.poll(() => tile.state.kind, { timeout: 5000 }).toBe('empty');
  });

  it('shows what there is, and says that the rest will not come, when covering fails', async () => {
    town.making = true;
    await town.recording.record(1, AT, { rendition: 'redacted' });
    const { tile, drawn } = await hung();
    await wall.playback.seek(AT + 5 * FRAME_US);
    expect(tile.recorded.stopped).toBeNull();
    [town.making, town.unmade] = [false, 'redaction-failed'];
    await expect.poll(() => tile.recorded.stopped, { timeout: 5000 }).toBe('redaction-failed');
    expect([tile.state.kind, tile.recorded.preparing]).toEqual(['recorded', false]);
    expect(drawn.at(-1)?.wallUs).toBe(AT + 5 * FRAME_US);
    town.unmade = null;
    wall.again(tile);
    await expect.poll(() => tile.recorded.stopped, { timeout: 5000 }).toBeNull();
    expect(asked()).toHaveLength(3);
  });

  it('says so where no picture was made at all', async () => {
    town.unmade = 'redaction-failed';
    const { tile } = await hung();
    await wall.playback.seek(AT);
    await expect.poll(() => tile.state, { timeout: 5000 }).toEqual({ kind: 'failed', code: 'redaction-failed' });
    expect(tile.recorded.preparing).toBe(false);
  });

  it('is asked for anew from an instant far beyond what is made', async () => {
    town.making = true;
    await town.recording.record(2, AT, { rendition: 'redacted' });
    const { tile } = await hung();
    town.nowUs = NOW + 60_000_000;
    await wall.playback.seek(AT + 30 * FRAME_US);
    await expect.poll(() => tile.state.kind, { timeout: 4000 }).toBe('recorded');
    await wall.playback.seek(AT + 12_000_000);
    expect(asked()).toHaveLength(2);
    void wall.playback.seek(AT + 40_000_000);
    await expect.poll(() => town.asked.length, { timeout: 4000 }).toBe(3);
    expect(town.asked[2]?.statement.from_us).toBe(AT + 39_000_000);
  });
});

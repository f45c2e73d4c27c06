// @vitest-environment node
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TrackNote } from '$lib/player/track-notes';
import { fakeCanvas } from './testing/browser';
import { drawnOn, FRAME_US, NOW, RECORDED_FROM, Town, type TownTile } from './testing/town';
import type { WallTile } from './tile.svelte';
import { VideoWall } from './wall.svelte';

const TWELVE: TrackNote = { number: 12, kind: 'person', left: 1000, top: 2000, right: 3000, bottom: 9000 };
const CAR: TrackNote = { number: 13, kind: 'vehicle', left: 5000, top: 5000, right: 9000, bottom: 9000 };
const AT = RECORDED_FROM + 30 * FRAME_US;

let town: Town;
let wall: VideoWall;

beforeEach(async () => {
  town = await Town.open();
  for (const rendition of ['redacted', 'unmasked'] as const) {
    await town.recording.record(10, RECORDED_FROM, { rendition, tracks: [TWELVE, CAR] });
  }
  wall = new VideoWall(() => town.nowUs);
});

afterEach(() => {
  wall.close();
  vi.unstubAllGlobals();
});

/** Covered by the alarm; one person by the yes of two. */
const byTwo: TownTile['opening'] = (_camera, _view, rendition) => {
  if (rendition !== 'unmasked') return rendition === 'clear' ? null : town.opening('now', 'redacted');
  const opening = town.opening('request', 'unmasked');
  return { ...opening, clause: { ...opening.clause, when: { type: 'request', approvals: 2, answer_within_s: 900 } } };
};

/** A tile that shows a covered picture of a recording. */
async function covered(options: TownTile = {}): Promise<{ tile: WallTile; drawn: ReturnType<typeof drawnOn> }> {
  const tile = town.tile({ opening: byTwo, ...options });
  const canvas = fakeCanvas();
  const drawn = drawnOn(canvas);
  tile.recorded.attach(canvas);
  wall.add([tile]);
  await wall.playback.seek(AT);
  expect(tile.state).toMatchObject({ kind: 'recorded', wallUs: AT });
  return { tile, drawn };
}

/** Asks for person 12, whom the owner lets wait. */
async function asked(tile: WallTile): Promise<number> {
  town.recorded = 'pending';
  tile.unmasking.offer?.ask(TWELVE, 'took the bicycle');
  await expect.poll(() => tile.unmasking.offer?.state?.kind).toBe('pending');
  return town.asked.length - 1;
}

describe('one person of a covered recording', () => {
  it('can be chosen in the picture, where the agreement says by how many that is decided', async () => {
    const { tile } = await covered();
    expect(tile.unmasking.offer).toMatchObject({ approvals: 2, people: [TWELVE, CAR], clear: null, state: null });
  });

  it('cannot where no agreement lets one person be seen, or its alarm is not up', async () => {
    let unmasked: ReturnType<typeof town.opening> | null = null;
    const opening: TownTile['opening'] = (_camera, _view, rendition) =>
      rendition === 'unmasked' ? unmasked : town.opening('now', 'redacted');
    const { tile } = await covered({ opening });
    expect(tile.unmasking.offer?.approvals).toBeNull();
    unmasked = town.opening('alarm', 'unmasked');
    expect(tile.unmasking.offer?.approvals).toBeNull();
    unmasked = town.opening('now', 'unmasked');
    expect(tile.unmasking.offer?.approvals).toBe(0);
  });

  it('is not offered live, nor in a clear recording', async () => {
    const tile = town.tile();
    tile.recorded.attach(fakeCanvas());
    wall.add([tile]);
    expect(tile.unmasking.offer).toBeNull();
    await wall.playback.seek(AT);
    expect(tile.unmasking.offer).toBeNull();
  });

  it('is asked for in exactly the range in which they were seen, with the reason', async () => {
    const { tile } = await covered();
    const range = tile.recorded.grant;
    town.nowUs += 3_000_000;
    const index = await asked(tile);
    expect(town.asked[index]?.statement).toMatchObject({
      view: 'recorded', rendition: 'unmasked', track: 12, track_kind: 'person', comment: 'took the bicycle',
      from_us: range?.from_us, until_us: range?.range_until_us, stream: range?.stream,
    });
    expect([tile.state.kind, tile.rendition]).toEqual(['recorded', 'redacted']);
    expect(tile.unmasking.offer?.state).toMatchObject({ kind: 'pending', track: 12, as: 'person', answerByUs: town.nowUs + 900_000_000 });
    expect(tile.beside).toBeNull();
  });

  it('becomes clear in the same instant once the owner has agreed', async () => {
    const { tile, drawn } = await covered();
    await town.answer(await asked(tile), 'permit');
    await expect.poll(() => tile.rendition).toBe('unmasked');
    await expect.poll(() => tile.unmasking.offer?.state).toBeNull();
    expect(tile.unmasking.offer).toMatchObject({ clear: { track: 12, as: 'person' }, people: [] });
    expect(tile.state).toMatchObject({ kind: 'recorded', wallUs: AT });
    expect(drawn.at(-1)?.wallUs).toBe(AT);
  });

  it('may be a vehicle, which is asked for as what it is', async () => {
    const { tile } = await covered();
    town.recorded = 'pending';
    tile.unmasking.offer?.ask(CAR, 'drove off');
    await expect.poll(() => tile.unmasking.offer?.state).toMatchObject({ kind: 'pending', track: 13, as: 'vehicle' });
    expect(town.asked.at(-1)?.statement).toMatchObject({ track: 13, track_kind: 'vehicle' });
    await town.answer(town.asked.length - 1, 'permit');
    await expect.poll(() => tile.unmasking.offer?.clear).toEqual({ track: 13, as: 'vehicle' });
  });

  it('stays covered when the owner refuses, with the reason', async () => {
    const { tile } = await covered();
    await town.answer(await asked(tile), { deny: 'approval-refused' });
    await expect.poll(() => tile.unmasking.offer?.state).toEqual({ kind: 'denied', track: 12, as: 'person', reason: 'approval-refused', explanation: 'Because.' });
    expect([tile.state.kind, tile.rendition]).toEqual(['recorded', 'redacted']);
  });

  it('tears nobody from what they look at meanwhile, and is shown when they want it', async () => {
    const { tile, drawn } = await covered();
    const index = await asked(tile);
    wall.playback.live();
    town.recorded = 'permit';
    town.nowUs += 60_000_000;
    await wall.playback.seek(NOW + 30_000_000);
    expect(tile.recorded.grant).toMatchObject({ rendition: 'redacted', range_until_us: town.nowUs - 500_000 });
    await town.answer(index, 'permit');
    await expect.poll(() => tile.unmasking.offer?.state).toEqual({ kind: 'ready', track: 12, as: 'person' });
    expect(tile.rendition).toBe('redacted');
    await wall.playback.seek(await tile.unmasking.show());
    expect(tile.rendition).toBe('unmasked');
    expect(drawn.at(-1)?.wallUs).toBe(AT);
  });

  it('is covered again without asking anybody', async () => {
    const { tile } = await covered();
    await town.answer(await asked(tile), 'permit');
    await expect.poll(() => tile.unmasking.offer?.clear?.track).toBe(12);
    const before = town.asked.length;
    tile.unmasking.offer?.cover();
    await expect.poll(() => tile.unmasking.offer?.people).toEqual([TWELVE, CAR]);
    expect([tile.rendition, town.asked.length]).toEqual(['redacted', before]);
  });

  it('is clear in that range only: beyond it everybody is covered again', async () => {
    const { tile } = await covered();
    await town.answer(await asked(tile), 'permit');
    await expect.poll(() => tile.unmasking.offer?.clear?.track).toBe(12);
    town.recorded = 'permit';
    town.nowUs += 60_000_000;
    await wall.playback.seek(NOW + 30_000_000);
    expect(town.asked.at(-1)?.statement).toMatchObject({ rendition: 'redacted' });
    expect(tile.rendition).toBe('redacted');
  });

  it('is shown to nobody once the tile was closed', async () => {
    const { tile } = await covered();
    const index = await asked(tile);
    wall.remove(tile);
    await town.answer(index, 'permit');
    expect([tile.recorded.shown, tile.recorded.permit]).toEqual([null, null]);
  });
});

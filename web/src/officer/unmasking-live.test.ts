// @vitest-environment node
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TrackNote } from '$lib/player/track-notes';
import { fakeCanvas } from './testing/browser';
import { Town, type TownTile } from './testing/town';
import type { WallTile } from './tile.svelte';
import { VideoWall } from './wall.svelte';

const TWELVE: TrackNote = { number: 12, kind: 'person', left: 1000, top: 2000, right: 3000, bottom: 9000 };
const CAR: TrackNote = { number: 13, kind: 'vehicle', left: 5000, top: 5000, right: 9000, bottom: 9000 };

let town: Town;
let wall: VideoWall;

beforeEach(async () => {
  town = await Town.open();
  town.liveTracks = [TWELVE, CAR];
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

/** A tile that shows a covered live picture. */
async function covered(options: TownTile = {}): Promise<WallTile> {
  const tile = town.tile({ opening: byTwo, ...options });
  tile.live.attach(fakeCanvas());
  wall.add([tile]);
  await expect.poll(() => tile.state.kind).toBe('live');
  return tile;
}

/** The person or vehicle of a number, as the tile offers it. */
function offered(tile: WallTile, number: number): TrackNote {
  const found = tile.unmaskingLive.offer?.people.find((each) => each.number === number);
  if (!found) throw new Error(`${number} is not offered`);
  return found;
}

/** Asks for person 12, whom the owner lets wait; returns the place of the request. */
async function asked(tile: WallTile): Promise<number> {
  town.live = 'pending';
  tile.unmaskingLive.offer?.ask(offered(tile, 12), 'took the bicycle');
  await expect.poll(() => tile.unmaskingLive.offer?.state?.kind).toBe('pending');
  return town.asked.length - 1;
}

async function unmasked(tile: WallTile): Promise<number> {
  const index = await asked(tile);
  await town.answer(index, 'permit');
  await expect.poll(() => tile.rendition).toBe('unmasked');
  return index;
}

describe('one person of a covered live picture', () => {
  it('can be chosen in the picture, each with the segment that their number counts in', async () => {
    const tile = await covered();
    await expect.poll(() => tile.unmaskingLive.offer?.people.length).toBe(2);
    const segment = tile.live.shown?.tracks.segment;
    expect(tile.unmaskingLive.offer).toMatchObject({
      live: true, approvals: 2, clear: null, state: null,
      people: [{ ...TWELVE, seenIn: segment }, { ...CAR, seenIn: segment }],
    });
  });

  it('is not offered in a clear picture', async () => {
    const tile = await covered({ opening: () => town.opening('now', 'clear') });
    expect(tile.unmaskingLive.offer).toBeNull();
  });

  it('is asked for as the site counts, with the reason, while everybody stays covered', async () => {
    const tile = await covered();
    const index = await asked(tile);
    expect(town.asked[index]?.statement).toMatchObject({
      view: 'live', rendition: 'unmasked', track: 12, track_kind: 'person', comment: 'took the bicycle',
      seen_in: tile.live.shown?.tracks.segment, from_us: null, until_us: null,
    });
    expect([tile.state.kind, tile.rendition]).toEqual(['live', 'redacted']);
  });

  it('is bound to its stream: a larger tile does not ask for another one meanwhile', async () => {
    const tile = await covered({ streams: ['main', 'sub'] });
    expect([tile.live.stream, tile.streamFor(false)]).toEqual(['main', 'sub']);
    await asked(tile);
    expect([tile.streamFor(true), tile.streamFor(false)]).toEqual(['main', 'main']);
  });

  it('becomes clear once the owner has agreed, under a grant of their own', async () => {
    const tile = await covered();
    const before = tile.live.grant?.id;
    await unmasked(tile);
    expect(tile.live.grant?.id).not.toBe(before);
    expect(tile.unmaskingLive.offer).toMatchObject({ clear: { track: 12, as: 'person' }, people: [], state: null });
  });

  it('stays covered when the owner refuses, or the site counts anew by then', async () => {
    const tile = await covered();
    const index = await asked(tile);
    await town.answer(index, { deny: 'track-not-seen' });
    await expect.poll(() => tile.unmaskingLive.offer?.state).toEqual({
      kind: 'denied', track: 12, as: 'person', reason: 'track-not-seen', explanation: 'Because.',
    });
    expect([tile.state.kind, tile.rendition]).toEqual(['live', 'redacted']);
  });

  it('is covered again without asking anybody', async () => {
    const tile = await covered();
    await unmasked(tile);
    const before = town.asked.length;
    tile.unmaskingLive.offer?.cover();
    await expect.poll(() => tile.rendition).toBe('redacted');
    await expect.poll(() => tile.unmaskingLive.offer?.people.length).toBe(2);
    expect([town.asked.length, tile.unmaskingLive.offer?.state]).toEqual([before, null]);
  });

  it('gives way to the covered picture when the site has lost them, which is said', async () => {
    const tile = await covered();
    const index = await unmasked(tile);
    const before = town.asked.length;
    wall.ended(town.grantOf(index), 'track-not-seen');
    await expect.poll(() => [tile.state.kind, tile.rendition]).toEqual(['live', 'redacted']);
    expect(tile.unmaskingLive.offer?.state).toEqual({ kind: 'denied', track: 12, as: 'person', reason: 'track-not-seen', explanation: '' });
    expect(town.asked).toHaveLength(before);
    await asked(tile);
    expect(tile.unmaskingLive.offer?.state?.kind).toBe('pending');
  });

  it('ends for good with the covered picture', async () => {
    const tile = await covered();
    wall.ended(town.grantOf(0), 'owner-closed');
    expect(tile.state).toEqual({ kind: 'ended', reason: 'owner-closed' });
    expect(tile.unmaskingLive.offer).toBeNull();
  });

  it('tears nobody from a recording that they look at meanwhile', async () => {
    const tile = await covered();
    const index = await asked(tile);
    tile.mode = 'recorded';
    await town.answer(index, 'permit');
    await expect.poll(() => tile.live.grant?.rendition).toBe('unmasked');
    expect(tile.mode).toBe('recorded');
  });
});

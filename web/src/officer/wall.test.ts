// @vitest-environment node
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeCanvas } from './testing/browser';
import { Town } from './testing/town';
import type { WallTile } from './tile.svelte';
import { MOST_TILES, VideoWall } from './wall.svelte';

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

function tiles(count: number, from = 1): WallTile[] {
  const id = (number: number): string => `01900000-0000-7000-8000-0000000001${String(number).padStart(2, '0')}`;
  return Array.from({ length: count }, (_, index) => town.tile({ id: id(from + index), streams: ['main', 'sub'] }));
}

const shown = (): readonly string[] => wall.shown.map(({ id }) => id.slice(-2));

describe('layouts', () => {
  it('grow with what is opened, and take no more than a desk can show', () => {
    wall.add(tiles(3));
    expect(wall.layout).toBe(4);
    wall.add(tiles(4, 4));
    expect([wall.layout, wall.tiles.length]).toEqual([9, 7]);
    wall.add(tiles(5, 8));
    expect(wall.tiles).toHaveLength(MOST_TILES);
  });

  it('show the page of the selected tile, which moves around the ends', () => {
    wall.add(tiles(6));
    wall.show(4);
    expect(shown()).toEqual(['01', '02', '03', '04']);
    wall.move(-1);
    expect(shown()).toEqual(['05', '06']);
    wall.move(1);
    expect(shown()).toEqual(['01', '02', '03', '04']);
    wall.show(1);
    expect(shown()).toEqual(['01']);
  });

  it('stay at one when somebody has chosen one', () => {
    wall.show(1);
    wall.add(tiles(3));
    expect([wall.layout, shown()]).toEqual([1, ['01']]);
  });

  it('keep a neighbour selected when a tile goes', () => {
    const [first, second, third] = tiles(3) as [WallTile, WallTile, WallTile];
    wall.add([first, second, third]);
    wall.select(second);
    wall.remove(second);
    expect(wall.current).toBe(third);
    wall.remove(third);
    expect(wall.current).toBe(first);
    wall.remove(first);
    expect(wall.current).toBeNull();
  });
});

describe('streams', () => {
  it('are large for one picture and small for several', async () => {
    const [first, second] = tiles(2) as [WallTile, WallTile];
    wall.add([first]);
    await expect.poll(() => town.asked.map(({ statement }) => statement.stream)).toEqual(['main']);
    wall.add([second]);
    await expect.poll(() => town.asked.map(({ statement }) => statement.stream)).toEqual(['main', 'sub']);
    expect([wall.streamOf(first), wall.streamOf(second)]).toEqual(['sub', 'sub']);
    wall.show(1);
    expect(wall.streamOf(first)).toBe('main');
    wall.enlarge(second);
    expect(wall.streamOf(second)).toBe('main');
  });
});

describe('what is asked', () => {
  it('is asked once for a camera that is on the wall already', async () => {
    wall.add(tiles(2));
    wall.add(tiles(2));
    await expect.poll(() => town.asked.length).toBe(2);
    expect(wall.tiles).toHaveLength(2);
  });

  it('is asked again for a tile that was refused', async () => {
    town.live = { deny: 'signal-not-active' };
    wall.add(tiles(1));
    await expect.poll(() => wall.current?.state.kind).toBe('denied');
    town.live = 'permit';
    wall.add(tiles(1));
    await expect.poll(() => wall.current?.state.kind).toBe('connecting');
    expect(town.asked).toHaveLength(2);
  });

  it('is asked again in the view that is looked at', async () => {
    const [tile] = tiles(1) as [WallTile];
    tile.recorded.attach(fakeCanvas());
    town.recorded = { deny: 'outside-look-back' };
    wall.add([tile]);
    await wall.playback.back(10);
    expect(tile.state).toMatchObject({ kind: 'denied', reason: 'outside-look-back' });
    wall.again(tile);
    await expect.poll(() => town.asked.map(({ statement }) => statement.view)).toEqual(['live', 'recorded', 'recorded']);
  });
});

it('ends the tile that a grant belongs to, with its reason, and no other', async () => {
  const [first, second] = tiles(2) as [WallTile, WallTile];
  wall.add([first, second]);
  await expect.poll(() => [first.state.kind, second.state.kind]).toEqual(['connecting', 'connecting']);
  const grant = second.live.grantId as string;
  wall.ended(grant, 'owner-closed');
  expect([first.state.kind, second.state]).toEqual(['connecting', { kind: 'ended', reason: 'owner-closed' }]);
});

it('starts live again after everything was closed', async () => {
  const [tile] = tiles(1) as [WallTile];
  wall.add([tile]);
  await wall.playback.back(10);
  wall.remove(tile);
  expect(wall.playback.mode).toBe('live');
});

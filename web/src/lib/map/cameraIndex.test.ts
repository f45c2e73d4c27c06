import { describe, expect, it } from 'vitest';
import type { Camera, LonLat } from '$lib/types';
import { ALONE_ZOOM, CameraIndex, type Bounds } from './cameraIndex';
import { away, distance } from './geometry';

const MIDDLE: LonLat = [24.944, 60.17];
const WORLD: Bounds = { west: -180, south: -85, east: 180, north: 85 };

function at(place: LonLat, id: string): Camera {
  return {
    id,
    name: id,
    site: 's',
    owner: 'o',
    at: place,
    heading: 0,
    angle: 60,
    range: 30,
    state: Number(id) % 2 === 0 ? 'shared' : 'request',
  };
}

/** A spiral of cameras around the middle, nearest first. */
function spiral(count: number, spread: number): Camera[] {
  return Array.from({ length: count }, (_, index) =>
    at(away(MIDDLE, index * 137.5, spread * Math.sqrt(index / count)), String(index)),
  );
}

describe('cameras near a place', () => {
  it('finds exactly those within the radius, nearest first', () => {
    const cameras = spiral(500, 800);
    const near = new CameraIndex(cameras).within(MIDDLE, 300);
    const wanted = cameras.filter((camera) => distance(MIDDLE, camera.at) <= 300);
    expect(near.map((found) => found.camera.id).sort()).toEqual(wanted.map((one) => one.id).sort());
    const order = near.map((found) => found.distance);
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });

  it('answers for 100,000 cameras within the 16 ms of one frame', () => {
    const index = new CameraIndex(spiral(100_000, 6000));
    index.within(MIDDLE, 600);
    const times = Array.from({ length: 15 }, () => {
      const start = performance.now();
      index.within(MIDDLE, 200);
      return performance.now() - start;
    });
    expect(Math.min(...times)).toBeLessThan(16);
  });
});

describe('bubbles', () => {
  it('count every camera in view once, alone or in a bubble', () => {
    const index = new CameraIndex(spiral(2000, 900));
    for (const zoom of [11, 13.3, 15, 16.2, 17]) {
      const { singles, bubbles } = index.gather(WORLD, zoom, new Set());
      const gathered = bubbles.reduce((sum, bubble) => sum + bubble.count, 0);
      expect(singles.length + gathered).toBe(2000);
    }
  });

  it('never count a camera that is drawn by itself', () => {
    const cameras = spiral(200, 100);
    const drawn = new Set(cameras.slice(0, 50).map((camera) => camera.id));
    const { singles, bubbles } = new CameraIndex(cameras).gather(WORLD, 14, drawn);
    const gathered = bubbles.reduce((sum, bubble) => sum + bubble.count, 0);
    expect(singles.length + gathered).toBe(150);
    expect(singles.every((camera) => !drawn.has(camera.id))).toBe(true);
  });

  it('say how many of them are shared, and where they lie', () => {
    const { bubbles } = new CameraIndex(spiral(10, 5)).gather(WORLD, 12, new Set());
    expect(bubbles).toHaveLength(1);
    const [bubble] = bubbles;
    expect(bubble).toMatchObject({ count: 10, shared: 5 });
    expect(bubble!.at[0]).toBeGreaterThan(bubble!.bounds.west);
    expect(bubble!.at[1]).toBeLessThan(bubble!.bounds.north);
  });

  it('end where cameras can be told apart', () => {
    const { bubbles } = new CameraIndex(spiral(400, 900)).gather(WORLD, ALONE_ZOOM, new Set());
    expect(bubbles).toEqual([]);
  });

  it('leave out what is not in view', () => {
    const index = new CameraIndex([at(MIDDLE, '1'), at([25.5, 61], '2')]);
    const view = { west: 24.9, south: 60.1, east: 25, north: 60.2 };
    expect(index.gather(view, 17, new Set()).singles.map((camera) => camera.id)).toEqual(['1']);
  });

  it('stay apart at the same pole: cameras at one point make one bubble of all', () => {
    const index = new CameraIndex(['1', '2', '3'].map((id) => at(MIDDLE, id)));
    expect(index.gather(WORLD, 15, new Set()).bubbles).toMatchObject([{ count: 3 }]);
  });
});

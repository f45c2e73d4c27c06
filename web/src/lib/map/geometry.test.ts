import { describe, expect, it } from 'vitest';
import type { Camera, LonLat } from '$lib/types';
import { away, circle, distance, inside, sector, sees } from './geometry';

const HERE: LonLat = [24.944, 60.17];

function camera(parts: Partial<Camera> = {}): Camera {
  return {
    id: 'c',
    name: 'Gate',
    site: 's',
    owner: 'School',
    at: HERE,
    heading: 0,
    angle: 60,
    range: 50,
    state: 'shared',
    ...parts,
  };
}

describe('distances', () => {
  it('measures what `away` walked, to a millimetre per metre, in every direction', () => {
    for (let bearing = 0; bearing < 360; bearing += 15) {
      expect(distance(HERE, away(HERE, bearing, 500))).toBeCloseTo(500, 0);
    }
  });

  it('closes a circle with the point it began with', () => {
    const ring = circle(HERE, 100);
    expect(ring[0]).toEqual(ring[ring.length - 1]);
    for (const corner of ring) expect(distance(HERE, corner)).toBeCloseTo(100, 1);
  });
});

describe('what a camera sees', () => {
  it('sees ahead within its range, not behind, not beside, not beyond', () => {
    const gate = camera();
    expect(sees(gate, away(HERE, 0, 30))).toBe(true);
    expect(sees(gate, away(HERE, 25, 30))).toBe(true);
    expect(sees(gate, away(HERE, 45, 30))).toBe(false);
    expect(sees(gate, away(HERE, 180, 30))).toBe(false);
    expect(sees(gate, away(HERE, 0, 60))).toBe(false);
  });

  it('looks across north without a gap', () => {
    const gate = camera({ heading: 350 });
    expect(sees(gate, away(HERE, 10, 30))).toBe(true);
  });

  it('sees all round when it opens 360 degrees', () => {
    const dome = camera({ angle: 360 });
    for (let bearing = 0; bearing < 360; bearing += 30) {
      expect(sees(dome, away(HERE, bearing, 40))).toBe(true);
    }
  });

  it('uses the clipped view when there is one: a wall in between hides the spot', () => {
    const ring = [HERE, away(HERE, -30, 10), away(HERE, 30, 10), HERE];
    expect(sees(camera({ cone: ring }), away(HERE, 0, 30))).toBe(false);
    expect(sees(camera({ cone: ring }), away(HERE, 0, 5))).toBe(true);
  });

  it('draws a closed ring', () => {
    const ring = sector(camera());
    expect(ring[0]).toEqual(ring[ring.length - 1]);
    expect(inside(away(HERE, 0, 49), ring)).toBe(true);
  });
});

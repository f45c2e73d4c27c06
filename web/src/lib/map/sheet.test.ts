import { describe, expect, it } from 'vitest';
import type { Bounds } from './cameraIndex';
import { reach, roam } from './sheet';

const SHEET: Bounds = { west: 24.935, south: 60.164, east: 24.953, north: 60.179 };

/** Width over height as seen on the Mercator map. */
function aspectOf({ west, south, east, north }: Bounds): number {
  return ((east - west) / (north - south)) * Math.cos((((south + north) / 2) * Math.PI) / 180);
}

describe('how far the map moves', () => {
  it('is the sheet’s edge with a margin, in the shape of the frame', () => {
    for (const aspect of [0.4, 0.6, 1, 1.8, 3]) {
      const found = roam(SHEET, aspect);
      expect(found.west).toBeLessThan(SHEET.west);
      expect(found.south).toBeLessThan(SHEET.south);
      expect(found.east).toBeGreaterThan(SHEET.east);
      expect(found.north).toBeGreaterThan(SHEET.north);
      expect(aspectOf(found)).toBeCloseTo(aspect, 3);
    }
  });

  it('is no farther than one way needs, whatever the frame', () => {
    const wide = roam(SHEET, 2);
    expect((wide.north - wide.south) / (SHEET.north - SHEET.south)).toBeCloseTo(1.12, 2);
    const narrow = roam(SHEET, 0.3);
    expect((narrow.east - narrow.west) / (SHEET.east - SHEET.west)).toBeLessThan(1.25);
  });

  it('takes in cameras that stand beyond the sheet', () => {
    expect(reach(SHEET, [])).toEqual(SHEET);
    expect(reach(SHEET, [{ at: [24.94, 60.17] }, { at: [24.9, 60.2] }])).toEqual({ ...SHEET, west: 24.9, north: 60.2 });
  });
});

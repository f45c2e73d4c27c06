/** The sheet: the area that the base map covers, and how far beyond it the map may be moved. */

import type { Camera } from '$lib/types';
import type { Bounds } from './cameraIndex';

/** Beyond the sheet on each side, as a part of its longer side as seen. */
const MARGIN = 0.06;

/** The sheet and all cameras, so that none lies out of reach. */
export function reach(sheet: Bounds, cameras: readonly Pick<Camera, 'at'>[]): Bounds {
  let { west, south, east, north } = sheet;
  for (const { at } of cameras) {
    west = Math.min(west, at[0]);
    east = Math.max(east, at[0]);
    south = Math.min(south, at[1]);
    north = Math.max(north, at[1]);
  }
  return { west, south, east, north };
}

/**
 * Where the map may be moved: the area with a margin, widened or heightened to the frame's shape
 * so that all of it is seen at once when zoomed out, and nothing farther away.
 *
 * @param aspect Width of the frame over its height.
 */
export function roam(area: Bounds, aspect: number): Bounds {
  const middle = { lon: (area.west + area.east) / 2, lat: (area.south + area.north) / 2 };
  // A degree of latitude looks longer than one of longitude by this, here on the Mercator map.
  const stretch = 1 / Math.cos((middle.lat * Math.PI) / 180);
  const [width, height] = [area.east - area.west, (area.north - area.south) * stretch];
  const around = 2 * MARGIN * Math.max(width, height);
  const seen = Math.max(height + around, (width + around) / aspect);
  const [lon, lat] = [(seen * aspect) / 2, seen / 2 / stretch];
  return { west: middle.lon - lon, south: middle.lat - lat, east: middle.lon + lon, north: middle.lat + lat };
}

import type { Camera, LonLat, Ring } from '$lib/types';

/** Small-area geometry on the sphere; good to a decimetre over the few kilometres of an incident. */

const METRES_PER_DEGREE = 111_195; // mean Earth radius 6,371,008.8 m (IUGG)

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}

function metresPerLon(lat: number): number {
  return METRES_PER_DEGREE * Math.cos(radians(lat));
}

/** The point `metres` away from `from` in direction `bearing` (degrees clockwise from north). */
export function away(from: LonLat, bearing: number, metres: number): LonLat {
  const angle = radians(bearing);
  return [
    from[0] + (metres * Math.sin(angle)) / metresPerLon(from[1]),
    from[1] + (metres * Math.cos(angle)) / METRES_PER_DEGREE,
  ];
}

/** Metres between two points. */
export function distance(a: LonLat, b: LonLat): number {
  const east = (b[0] - a[0]) * metresPerLon((a[1] + b[1]) / 2);
  return Math.hypot(east, (b[1] - a[1]) * METRES_PER_DEGREE);
}

export function circle(center: LonLat, metres: number, corners = 96): Ring {
  return Array.from({ length: corners + 1 }, (_, corner) =>
    away(center, (corner % corners) * (360 / corners), metres),
  );
}

/** The unclipped view of a camera: a sector, or a circle when it sees all round. */
export function sector(camera: Camera): Ring {
  if (camera.angle >= 360) return circle(camera.at, camera.range, 48);
  const steps = Math.max(4, Math.round(camera.angle / 6));
  const start = camera.heading - camera.angle / 2;
  const arc = Array.from({ length: steps + 1 }, (_, step) =>
    away(camera.at, start + (camera.angle * step) / steps, camera.range),
  );
  return [camera.at, ...arc, camera.at];
}

/** What the camera sees: the ring clipped by buildings when it is known, else the sector. */
export function view(camera: Camera): Ring {
  return camera.cone ?? sector(camera);
}

/** Tells whether a point lies inside a ring (even-odd rule; a point on the border may go either way). */
export function inside(point: LonLat, ring: Ring): boolean {
  let odd = false;
  let before = ring[ring.length - 1];
  for (const corner of ring) {
    if (before && corner[1] > point[1] !== before[1] > point[1]) {
      const slope = (before[0] - corner[0]) / (before[1] - corner[1]);
      if (point[0] < corner[0] + slope * (point[1] - corner[1])) odd = !odd;
    }
    before = corner;
  }
  return odd;
}

/** Tells whether a camera sees a point, by the same ring that is drawn. */
export function sees(camera: Camera, point: LonLat): boolean {
  return inside(point, view(camera));
}

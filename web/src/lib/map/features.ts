import type { Feature, FeatureCollection } from 'geojson';
import type { Camera, LonLat, Ring } from '$lib/types';
import type { Bubble } from './cameraIndex';
import { circle, view } from './geometry';
import { signName } from './signs';

/** What the map needs to know of an incident, or of a place that was picked. */
export interface MapIncident {
  readonly id: string;
  readonly at: LonLat;
  /** Metres. */
  readonly radius: number;
  readonly current: boolean;
}

type Properties = Readonly<Record<string, string | number | boolean>>;

function point(at: LonLat, properties: Properties): Feature {
  return { type: 'Feature', properties, geometry: { type: 'Point', coordinates: [...at] } };
}

function polygon(ring: Ring, properties: Properties): Feature {
  const coordinates = [ring.map((corner) => [...corner])];
  return { type: 'Feature', properties, geometry: { type: 'Polygon', coordinates } };
}

function collection(features: Feature[]): FeatureCollection {
  return { type: 'FeatureCollection', features };
}

export function cameraFeatures(
  cameras: readonly Camera[],
  chosen: ReadonlySet<string>,
): FeatureCollection {
  return collection(
    cameras.map((camera) => {
      const strong = chosen.has(camera.id);
      return point(camera.at, {
        id: camera.id,
        chosen: strong,
        sign: signName(camera.state, strong),
      });
    }),
  );
}

export function viewFeatures(
  cameras: readonly Camera[],
  chosen: ReadonlySet<string>,
): FeatureCollection {
  return collection(
    cameras.map((camera) =>
      polygon(view(camera), { state: camera.state, chosen: chosen.has(camera.id) }),
    ),
  );
}

export function bubbleFeatures(
  bubbles: readonly Bubble[],
  number: (value: number) => string,
): FeatureCollection {
  return collection(
    bubbles.map((bubble, index) =>
      point(bubble.at, {
        index,
        count: bubble.count,
        text: number(bubble.count),
        share: bubble.shared / bubble.count,
      }),
    ),
  );
}

export function incidentFeatures(incidents: readonly MapIncident[]): FeatureCollection {
  return collection(
    incidents.flatMap(({ id, at, radius, current }) => [
      ...(current ? [polygon(circle(at, radius), { id, current })] : []),
      point(at, { id, current }),
    ]),
  );
}

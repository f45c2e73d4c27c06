import type {
  ExpressionSpecification,
  GeoJSONSourceSpecification,
  LayerSpecification,
} from 'maplibre-gl';
import type { MapPalette } from './palette';

/** Sources and layers over the base map: views, incidents, bubbles, cameras. */

export const SOURCES = ['views', 'incidents', 'bubbles', 'cameras'] as const;
export type SourceName = (typeof SOURCES)[number];

export function emptySource(name: SourceName): GeoJSONSourceSpecification {
  return {
    type: 'geojson',
    data: { type: 'FeatureCollection', features: [] },
    ...(name === 'views' ? { tolerance: 0.2, buffer: 32 } : {}),
  };
}

function byState(p: MapPalette): ExpressionSpecification {
  return ['match', ['get', 'state'], 'shared', p.shared, 'request', p.request, 'alarm', p.alarm, p.offline];
}

/** Views lie under the names; the chosen ones are stronger, never opaque. */
export function viewLayers(p: MapPalette): LayerSpecification[] {
  return [
    {
      id: 'view-fill',
      type: 'fill',
      source: 'views',
      paint: { 'fill-color': byState(p), 'fill-opacity': ['case', ['get', 'chosen'], 0.26, 0.09] },
    },
    {
      id: 'view-edge',
      type: 'line',
      source: 'views',
      paint: {
        'line-color': byState(p),
        'line-opacity': ['case', ['get', 'chosen'], 0.75, 0.25],
        'line-width': ['case', ['get', 'chosen'], 1, 0.6],
      },
    },
  ];
}

/** A ring without a fill: the incident must not colour what lies inside it. */
export function ringLayers(p: MapPalette): LayerSpecification[] {
  const ring = ['==', ['geometry-type'], 'Polygon'] satisfies ExpressionSpecification;
  return [
    {
      id: 'incident-ring-casing',
      type: 'line',
      source: 'incidents',
      filter: ring,
      paint: { 'line-color': p.halo, 'line-width': 5, 'line-opacity': 0.7 },
    },
    {
      id: 'incident-ring',
      type: 'line',
      source: 'incidents',
      filter: ring,
      paint: {
        'line-color': p.incident,
        'line-width': ['case', ['get', 'current'], 2, 1.2],
        'line-dasharray': [3, 2],
      },
    },
  ];
}

/** Drawn last: no bubble may hide where it happens. */
export function markLayers(p: MapPalette): LayerSpecification[] {
  const mark = ['==', ['geometry-type'], 'Point'] satisfies ExpressionSpecification;
  return [
    {
      id: 'incident-halo',
      type: 'circle',
      source: 'incidents',
      filter: mark,
      paint: {
        'circle-radius': ['case', ['get', 'current'], 12, 9],
        'circle-color': 'transparent',
        'circle-stroke-color': p.incident,
        'circle-stroke-width': 1.5,
        'circle-stroke-opacity': 0.8,
      },
    },
    {
      id: 'incident-mark',
      type: 'circle',
      source: 'incidents',
      filter: mark,
      paint: {
        'circle-radius': ['case', ['get', 'current'], 6.5, 5],
        'circle-color': p.incident,
        'circle-stroke-color': p.chosen,
        'circle-stroke-width': ['case', ['get', 'current'], 2, 1],
      },
    },
  ];
}

export function cameraLayers(p: MapPalette): LayerSpecification[] {
  return [
    {
      id: 'bubble',
      type: 'circle',
      source: 'bubbles',
      paint: {
        'circle-color': p.bubble,
        'circle-opacity': 0.94,
        'circle-stroke-color': ['case', ['>=', ['get', 'share'], 0.5], p.shared, p.request],
        'circle-stroke-width': 1.5,
        'circle-radius': ['interpolate', ['linear'], ['sqrt', ['get', 'count']], 1.4, 11, 12, 19, 40, 26],
      },
    },
    {
      id: 'bubble-count',
      type: 'symbol',
      source: 'bubbles',
      layout: {
        'text-field': ['get', 'text'],
        'text-font': ['Inter Variable'],
        'text-size': 11.5,
        'text-allow-overlap': true,
        // Names make room for bubbles instead of running under them.
        'text-padding': 8,
      },
      paint: { 'text-color': p.bubbleText },
    },
    {
      id: 'camera',
      type: 'symbol',
      source: 'cameras',
      layout: {
        'icon-image': ['get', 'sign'],
        'icon-size': ['interpolate', ['linear'], ['zoom'], 13, 0.7, 16, 1, 18, 1.25],
        'icon-allow-overlap': true,
        'icon-ignore-placement': true,
        'symbol-sort-key': ['case', ['get', 'chosen'], 1, 0],
      },
    },
  ];
}

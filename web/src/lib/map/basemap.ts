import type {
  ExpressionSpecification,
  FilterSpecification,
  LayerSpecification,
  SourceSpecification,
  StyleSpecification,
} from 'maplibre-gl';
import type { Bounds } from './cameraIndex';
import type { MapPalette } from './palette';

/** Our own base map over our own tiles; without `glyphs` MapLibre writes with the page's font. */

const FONT = ['Inter Variable'];
const ABOVE: ExpressionSpecification = ['!=', ['get', 't'], 1];

type Stops = readonly (readonly [zoom: number, value: number | ExpressionSpecification])[];

function grow(...stops: Stops): ExpressionSpecification {
  return ['interpolate', ['exponential', 1.6], ['zoom'], ...stops.flat()] as ExpressionSpecification;
}

function byClass(one: number, two: number, three: number, rest: number): ExpressionSpecification {
  return ['match', ['get', 'k'], [1, 2], one, 3, two, 4, three, rest];
}

function ground(p: MapPalette): LayerSpecification[] {
  const fill = (id: string, layer: string, colour: string, minzoom = 0): LayerSpecification => ({
    id,
    type: 'fill',
    source: 'city',
    'source-layer': layer,
    minzoom,
    paint: { 'fill-color': colour },
  });
  return [
    { id: 'beyond', type: 'background', paint: { 'background-color': p.beyond } },
    fill('land', 'land', p.land),
    fill('green', 'green', p.green),
    fill('square', 'square', p.square, 13.5),
    fill('water', 'water', p.water),
    fill('pier', 'pier', p.land),
    {
      id: 'building',
      type: 'fill',
      source: 'city',
      'source-layer': 'building',
      minzoom: 13,
      paint: {
        'fill-color': p.building,
        'fill-outline-color': p.buildingEdge,
        'fill-opacity': ['interpolate', ['linear'], ['zoom'], 13, 0, 14, 1],
      },
    },
  ];
}

function line(
  id: string,
  filter: FilterSpecification,
  colour: string | ExpressionSpecification,
  width: ExpressionSpecification,
  minzoom = 0,
): LayerSpecification {
  return {
    id,
    type: 'line',
    source: 'city',
    'source-layer': 'road',
    minzoom,
    filter,
    layout: { 'line-cap': 'round', 'line-join': 'round' },
    paint: { 'line-color': colour, 'line-width': width },
  };
}

function roads(p: MapPalette): LayerSpecification[] {
  const street: FilterSpecification = ['all', ['<', ['get', 'k'], 7], ABOVE];
  const path: FilterSpecification = ['all', ['>=', ['get', 'k'], 7], ABOVE];
  const width = grow([11, 0.4], [14, byClass(2.6, 2.1, 1.6, 1)], [18, byClass(20, 17, 13, 9)]);
  const casing = grow([13, 0.8], [14, byClass(4, 3.4, 2.8, 2)], [18, byClass(23, 20, 16, 12)]);
  const colour: ExpressionSpecification = ['match', ['get', 'k'], [1, 2, 3], p.avenue, p.street];
  return [
    line('path', path, p.path, grow([14, 0.4], [18, 3]), 14.5),
    line('street-casing', street, p.casing, casing, 13),
    line('street', street, colour, width),
  ];
}

function rails(p: MapPalette): LayerSpecification[] {
  const rail = (id: string, kinds: string[], colour: string, width: number, minzoom: number): LayerSpecification => ({
    id,
    type: 'line',
    source: 'city',
    'source-layer': 'rail',
    minzoom,
    filter: ['all', ABOVE, ['in', ['get', 'r'], ['literal', kinds]]],
    paint: { 'line-color': colour, 'line-width': width },
  });
  return [
    rail('rail', ['rail', 'light_rail'], p.rail, 1, 12.5),
    rail('tram', ['tram'], p.tram, 0.8, 15),
  ];
}

function names(p: MapPalette): LayerSpecification[] {
  const halo = { 'text-halo-color': p.halo, 'text-halo-width': 1.5 };
  return [
    {
      id: 'street-name',
      type: 'symbol',
      source: 'city',
      'source-layer': 'road',
      minzoom: 14,
      filter: ['all', ['<', ['get', 'k'], 7], ['has', 'n']],
      layout: {
        'symbol-placement': 'line',
        'symbol-spacing': 360,
        'symbol-sort-key': ['get', 'k'],
        'text-field': ['get', 'n'],
        'text-font': FONT,
        'text-size': ['interpolate', ['linear'], ['zoom'], 14, 10.5, 17, 12.5],
        'text-max-angle': 30,
        'text-padding': 6,
      },
      paint: { 'text-color': p.streetName, ...halo },
    },
    {
      id: 'place-name',
      type: 'symbol',
      source: 'city',
      'source-layer': 'label',
      minzoom: 14.5,
      filter: ['!=', ['get', 'c'], 'suburb'],
      layout: {
        'text-field': ['get', 'n'],
        'text-font': FONT,
        'text-size': 11,
        'text-max-width': 8,
        'text-padding': 14,
        'symbol-sort-key': ['match', ['get', 'c'], 'station', 0, 'square', 1, 'park', 2, 'place', 3, 4],
      },
      paint: { 'text-color': p.placeName, ...halo },
    },
    {
      id: 'district-name',
      type: 'symbol',
      source: 'city',
      'source-layer': 'label',
      minzoom: 11,
      maxzoom: 16.5,
      filter: ['==', ['get', 'c'], 'suburb'],
      layout: {
        'text-field': ['upcase', ['get', 'n']],
        'text-font': FONT,
        'text-size': 11.5,
        'text-letter-spacing': 0.12,
        'text-padding': 10,
      },
      paint: { 'text-color': p.districtName, ...halo },
    },
  ];
}

/** First layer of names: what is drawn below it never hides a street's name. */
export const FIRST_NAME = 'street-name';

/** The line at which the base map ends, so that its end looks meant. */
function edge(sheet: Bounds): SourceSpecification {
  const { west, south, east, north } = sheet;
  const ring = [[west, south], [east, south], [east, north], [west, north], [west, south]];
  return {
    type: 'geojson',
    data: { type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates: ring } },
  };
}

export function basemap(tiles: string, palette: MapPalette, sheet: Bounds): StyleSpecification {
  return {
    version: 8,
    sources: { city: { type: 'vector', url: `pmtiles://${tiles}` }, sheet: edge(sheet) },
    layers: [
      ...ground(palette),
      ...roads(palette),
      ...rails(palette),
      { id: 'sheet', type: 'line', source: 'sheet', paint: { 'line-color': palette.buildingEdge, 'line-width': 1.5 } },
      ...names(palette),
    ],
  };
}

/** What is drawn when the tiles did not come: ground only, so that cameras still show. */
export function bareGround(palette: MapPalette): StyleSpecification {
  return {
    version: 8,
    sources: {},
    layers: [{ id: 'beyond', type: 'background', paint: { 'background-color': palette.land } }],
  };
}

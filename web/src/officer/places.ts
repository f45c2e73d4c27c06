import { isRecord } from '$lib/problem';
import type { Camera, LonLat } from '$lib/types';

/** Names of the base map, for the search field. */
export interface Place {
  readonly name: string;
  readonly kind: string;
  readonly at: LonLat;
}

export type Hit =
  | { readonly kind: 'camera'; readonly camera: Camera }
  | { readonly kind: 'place'; readonly place: Place };

export function readPlaces(body: unknown): Place[] {
  if (!Array.isArray(body)) throw new TypeError('the list of places is no list');
  return (body as unknown[]).flatMap((entry) => {
    if (!isRecord(entry)) return [];
    const { name, kind, at } = entry as { name?: unknown; kind?: unknown; at?: unknown };
    if (typeof name !== 'string' || typeof kind !== 'string' || !Array.isArray(at)) return [];
    const [lon, lat] = at as unknown[];
    return typeof lon === 'number' && typeof lat === 'number' ? [{ name, kind, at: [lon, lat] }] : [];
  });
}

function folded(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

/** 2 when the name begins so, 1 when a word in it does or it merely contains it, else 0. */
function rank(name: string, wanted: string): number {
  const plain = folded(name);
  if (plain.startsWith(wanted)) return 3;
  if (plain.includes(` ${wanted}`)) return 2;
  return plain.includes(wanted) ? 1 : 0;
}

const MOST = 8;

function best<T>(items: readonly T[], name: (item: T) => string, wanted: string): T[] {
  return items
    .map((item) => ({ item, rank: rank(name(item), wanted) }))
    .filter((scored) => scored.rank > 0)
    .sort((a, b) => b.rank - a.rank || name(a.item).localeCompare(name(b.item)))
    .slice(0, MOST)
    .map((scored) => scored.item);
}

/** Cameras by name or owner, then places by name; accents and case do not matter. */
export function search(query: string, cameras: readonly Camera[], places: readonly Place[]): Hit[] {
  const wanted = folded(query.trim());
  if (wanted === '') return [];
  const found = best(cameras, (camera) => `${camera.name} ${camera.owner}`, wanted);
  return [
    ...found.map((camera): Hit => ({ kind: 'camera', camera })),
    ...best(places, (place) => place.name, wanted).map((place): Hit => ({ kind: 'place', place })),
  ];
}

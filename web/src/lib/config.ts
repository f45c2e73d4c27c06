import { Api, type Answer } from './api';
import { isRecord } from './problem';
import type { LonLat } from './types';

/** What the server that serves this page says about itself, at `/config.json`. */
export interface PageConfig {
  /** Origin of the city hub, for example `https://hub.city.example`; empty when there is none. */
  readonly hub: string;
  /** The organisation whose page this is: the agency's or the owner's name. */
  readonly organisation: string;
  /** Middle of the map when nothing else asks for a place. */
  readonly center: LonLat;
  /** Path of the vector tiles on this origin. */
  readonly basemap: string;
  /** What logins at the hub name. */
  readonly hubId: string;
  /** The agency's id; what logins at the agency name. */
  readonly agency: string;
  /** base64url of the organisation's root key; a browser pins it at its first certificate. */
  readonly root: string;
  /** The demo city: its administrator certifies devices at once. */
  readonly demo: boolean;
  /** Where the guided tour sends a newcomer; null without a tour. */
  readonly tour: TourPlaces | null;
}

/** Both ways to raise the demo's alarm, and where its owner sees who looked. */
export interface TourPlaces {
  readonly ownerUrl: string;
  readonly signalCommand: string;
  /** Page of an owner whose alarm opens redacted pictures only. */
  readonly redactedUrl: string;
}

export const HELSINKI: LonLat = [24.9441, 60.1708];

function text(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

function lonLat(value: unknown): LonLat {
  if (!Array.isArray(value)) return HELSINKI;
  const [lon, lat] = value as unknown[];
  return typeof lon === 'number' && typeof lat === 'number' ? [lon, lat] : HELSINKI;
}

function tourPlaces(value: unknown): TourPlaces | null {
  if (!isRecord(value)) return null;
  return {
    ownerUrl: webAddress(value['owner_url']),
    signalCommand: text(value['signal_command'], ''),
    redactedUrl: webAddress(value['redacted_url']),
  };
}

/** Only addresses that a link may carry; anything else is left out. */
function webAddress(value: unknown): string {
  return /^https?:\/\//.test(text(value, '')) ? text(value, '') : '';
}

export function readConfig(body: unknown): PageConfig {
  if (!isRecord(body)) throw new TypeError('config.json is no object');
  return {
    hub: text(body['hub'], '').replace(/\/$/, ''),
    organisation: text(body['organisation'], ''),
    center: lonLat(body['center']),
    basemap: text(body['basemap'], '/map/helsinki.pmtiles'),
    hubId: text(body['hub_id'], ''),
    agency: text(body['agency'], ''),
    root: text(body['root'], ''),
    demo: body['demo'] === true || isRecord(body['tour']),
    tour: tourPlaces(body['tour']),
  };
}

export function loadConfig(api: Api = new Api({ origin: '' })): Promise<Answer<PageConfig>> {
  return api.get('/config.json', readConfig);
}

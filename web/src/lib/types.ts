import type { Rendition } from './secure/rendition';

/**
 * What the pages show, in the words of the design. These are view models: what is signed or
 * sealed is described in `secure/`, and a page never decides anything from the values here.
 */

/** RFC 3339 instant in UTC, for example `2026-03-04T11:22:33.123456Z`. */
export type Instant = string;

/** Longitude and latitude, degrees, WGS 84. */
export type LonLat = readonly [lon: number, lat: number];

/** Closed ring: the first point is repeated at the end. */
export type Ring = readonly LonLat[];

/**
 * What an officer could do with a camera now, as the hub previews it.
 * `shared` opens by agreement; `request` needs its owner's answer; `alarm` would open only
 * while an alarm is up; `offline` gives nothing because its site node is not connected.
 */
export type CameraState = 'shared' | 'request' | 'alarm' | 'offline';

export const CAMERA_STATES: readonly CameraState[] = ['shared', 'request', 'alarm', 'offline'];

export type { Rendition };
export type View = 'live' | 'recorded';

export interface Camera {
  readonly id: string;
  readonly name: string;
  readonly site: string;
  /** The owner as people call it; also the words on the tile. */
  readonly owner: string;
  readonly at: LonLat;
  /** Degrees clockwise from north, 0 to 360 exclusive. */
  readonly heading: number;
  /** Opening angle, degrees; 360 sees all round. */
  readonly angle: number;
  /** How far it sees, metres. */
  readonly range: number;
  readonly state: CameraState;
  /** What opens now by itself; none unless `shared`. */
  readonly opens?: Rendition;
  /** What its owner can be asked for, covered pictures first. */
  readonly asks?: readonly Rendition[];
  /** What it sees, clipped by buildings; without it the plain sector is drawn. */
  readonly cone?: Ring;
}

export interface Signal {
  readonly id: string;
  readonly site: string;
  /** The site as people call it. */
  readonly place?: string;
  /** For example `intrusion`; `test` opens nothing unless the agreement names it. */
  readonly kind: string;
  readonly raised: Instant;
  /** A signal is a lease: without renewal it ends here. */
  readonly expires: Instant;
  readonly cleared: Instant | null;
}

export interface Incident {
  readonly id: string;
  /** For example `intrusion`; known kinds are shown in the reader's language. */
  readonly kind: string;
  readonly title: string;
  readonly place: string;
  readonly at: LonLat;
  /** Metres around `at` that belong to the incident. */
  readonly radius: number;
  readonly opened: Instant;
  readonly openedBy: 'signal' | 'person';
  /** The absolute end; nothing opened for this incident outlives it. */
  readonly ends: Instant | null;
  readonly closed: Instant | null;
  readonly caseNumber: string | null;
  readonly signals: readonly Signal[];
}

/** A person as certificates name them; never a shared account. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly agency: string;
  readonly role: string;
}

/** A refusal is a value with a named reason that both sides can read (P5). */
export interface Denial {
  /** Stable name, for example `no-active-alarm`. */
  readonly reason: string;
  /** One sentence in the server's words, shown when the name is unknown here. */
  readonly sentence: string;
}

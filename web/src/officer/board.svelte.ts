import { deviceHere, type Device } from '$lib/device';
import { IDLE, ready, valueOr, type Loadable } from '$lib/loadable';
import { CameraIndex, type Near } from '$lib/map/cameraIndex';
import { sees } from '$lib/map/geometry';
import type { SocketState } from '$lib/socket';
import {
  CAMERA_STATES,
  type Camera,
  type CameraState,
  type Incident,
  type LonLat,
  type Person,
} from '$lib/types';

export const RADIUS = { least: 50, most: 600, step: 10, start: 180 } as const;

/** The place in question: an open incident, or a point that was picked on the map. */
export interface Spot {
  readonly incident: Incident | null;
  readonly at: LonLat;
}

export interface Nodes {
  readonly connected: number;
  readonly known: number;
}

/** What the operations screen knows and which place it is looking at. */
export class Board {
  device = $state.raw<Device>(deviceHere());
  viewer = $state.raw<Person | null>(null);
  link = $state.raw<SocketState>({ state: 'closed' });
  nodes = $state.raw<Nodes | null>(null);
  incidents = $state.raw<Loadable<readonly Incident[]>>(IDLE);
  cameras = $state.raw<Loadable<readonly Camera[]>>(IDLE);
  spot = $state.raw<Spot | null>(null);
  /** Metres around the spot. */
  radius = $state<number>(RADIUS.start);
  onlySeeing = $state(false);
  /** A camera that was picked by itself, on the map or in a list. */
  picked = $state.raw<string | null>(null);

  readonly all: readonly Camera[] = $derived(valueOr<readonly Camera[]>(this.cameras, []));
  readonly #index = $derived(new CameraIndex(this.all));
  /** Cameras within the radius, nearest first, before the sight filter. */
  readonly within: readonly Near[] = $derived(
    this.spot ? this.#index.within(this.spot.at, this.radius) : [],
  );
  /** Cameras that count: within the radius and, when asked, seeing the spot. */
  readonly near: readonly Near[] = $derived.by(() => {
    const { spot } = this;
    if (!spot || !this.onlySeeing) return this.within;
    return this.within.filter(({ camera }) => sees(camera, spot.at));
  });
  readonly counts: Readonly<Record<CameraState, number>> = $derived.by(() => {
    const counts = { shared: 0, request: 0, alarm: 0, offline: 0 };
    for (const { camera } of this.near) counts[camera.state] += 1;
    return counts;
  });
  readonly chosen: ReadonlySet<string> = $derived(
    new Set([...this.near.map(({ camera }) => camera.id), ...(this.picked ? [this.picked] : [])]),
  );

  pickPlace(at: LonLat): void {
    this.spot = { incident: null, at };
    this.picked = null;
  }

  /** Looks at an incident; returns false when it is not, or no longer, in the list. */
  pickIncident(id: string): boolean {
    const incident = valueOr<readonly Incident[]>(this.incidents, []).find((one) => one.id === id);
    if (!incident) return false;
    this.spot = { incident, at: incident.at };
    this.radius = clamped(incident.radius);
    this.picked = null;
    return true;
  }

  /** Takes all incidents that are known; closed ones stay in sight only while they are looked at. */
  take(incidents: readonly Incident[]): void {
    this.incidents = ready(incidents.filter(({ closed }) => closed === null));
    const looked = this.spot?.incident;
    const now = looked && incidents.find(({ id }) => id === looked.id);
    if (now && this.spot && JSON.stringify(now) !== JSON.stringify(looked)) {
      this.spot = { ...this.spot, incident: now };
    }
  }

  widen(metres: number): void {
    this.radius = clamped(this.radius + metres);
  }
}

function clamped(metres: number): number {
  return Math.min(RADIUS.most, Math.max(RADIUS.least, metres));
}

export function inOrder(counts: Readonly<Record<CameraState, number>>): [CameraState, number][] {
  return CAMERA_STATES.map((state) => [state, counts[state]]);
}

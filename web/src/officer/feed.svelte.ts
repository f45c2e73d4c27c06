/** What the hub tells, checked where it can be, as the board shows it. */

import type { AgencyClient } from '$lib/agency/client';
import { City, type NodesInForce, type Site } from '$lib/hub/city';
import type { IncidentView } from '$lib/hub/client';
import type { HubEvent } from '$lib/hub/events';
import { openingsOf, type Opening } from '$lib/hub/openings';
import { ready } from '$lib/loadable';
import { trustAgreements } from '$lib/secure/chain';
import type { Rendition, View } from '$lib/secure/statements';
import type { Camera, CameraState, Incident, LonLat, Signal } from '$lib/types';
import type { Board } from './board.svelte';

export interface FeedPorts {
  readonly board: Board;
  readonly agency: Pick<AgencyClient, 'agreements'>;
  /** base64url of the agency's root that this browser has pinned. */
  readonly root: string;
  /** The officer's role as certified. */
  readonly role: string;
  /** Wall clock, microseconds. */
  readonly nowUs: () => number;
  /** An incident is open or has changed; `news` unless it belongs to the very first state. */
  readonly onIncident?: (incident: IncidentView, news: boolean) => void;
}

/** A camera with the site that registered it. */
export interface Placed {
  readonly site: Site;
  readonly camera: Site['registration']['cameras'][number];
}

/** An agreement that is not known here is fetched, but not for every message of a stranger. */
const RELOAD_AT_MOST_US = 5_000_000;

export class Feed {
  readonly city = new City();
  /** Incidents in the hub's words, open and lately closed. */
  readonly incidents = new Map<string, IncidentView>();
  /** Messages of the hub that could not be read. */
  unread = $state(0);
  /** Sites left out because what they say does not hold, or nobody vouches for them. */
  unverified = $state(0);

  readonly #ports: FeedPorts;
  #queue: Promise<void> = Promise.resolve();
  /** The present state is complete: what comes now is drawn at once. */
  #complete = false;
  /** It has been complete once: what is not known by now has happened since. */
  #listening = false;
  #reloadedUs = 0;
  #shown = { cameras: '', incidents: '' };

  constructor(ports: FeedPorts) {
    this.#ports = ports;
  }

  /** Fetches the agreements; returns how many did not hold, or null when none could be had. */
  async reload(): Promise<number | null> {
    const { agency, root, nowUs, board } = this.#ports;
    this.#reloadedUs = nowUs();
    const answer = await agency.agreements();
    if (answer.outcome !== 'ok') {
      if (board.cameras.state !== 'ready' && answer.outcome === 'failed') {
        board.cameras = { state: 'failed', problem: answer.problem };
      }
      return null;
    }
    const { nodes, refused } = await trustAgreements(answer.value, root, nowUs());
    await this.#trust(nodes);
    return refused.length;
  }

  /** A connection begins: the present state comes first, and is drawn when it is complete. */
  begin(): void {
    this.#complete = false;
  }

  /** Takes events in order; returns when this one has been shown. */
  take(event: HubEvent): Promise<void> {
    this.#queue = this.#queue.then(() => this.#take(event)).catch(() => void (this.unread += 1));
    return this.#queue;
  }

  /** Time has passed: lingers and leases may have run out. */
  tick(): void {
    if (this.#complete) this.#show();
  }

  placed(camera: string): Placed | null {
    for (const site of this.city.sites.values()) {
      const found = site.registration.cameras.find(({ id }) => id === camera);
      if (found) return { site, camera: found };
    }
    return null;
  }

  /** How a camera opens for this officer, in a rendition or at all; null when no agreement says so. */
  opening(camera: string, view: View = 'live', rendition?: Rendition): Opening | null {
    const all = this.openings(camera, view, rendition === 'unmasked');
    return all.find(({ clause }) => rendition === undefined || clause.rendition === rendition) ?? null;
  }

  /** All ways in which a camera, or one person in it, opens for this officer; the one to take first in front. */
  openings(camera: string, view: View = 'live', unmasks = false): readonly Opening[] {
    const placed = this.placed(camera);
    return placed === null ? [] : this.#openings(placed, view, unmasks);
  }

  #openings({ site, camera }: Placed, view: View, unmasks = false): readonly Opening[] {
    const { role, nowUs } = this.#ports;
    return openingsOf(site, camera.id, { role, view, nowUs: nowUs(), unmasks });
  }

  async #trust(nodes: NodesInForce): Promise<void> {
    this.#queue = this.#queue.then(() => this.city.trust(nodes)).then(() => this.#show());
    await this.#queue;
  }

  async #take(event: HubEvent): Promise<void> {
    switch (event.type) {
      case 'site':
        await this.city.site(event.site);
        this.#meet(event.site.node);
        break;
      case 'signal':
        await this.city.signal(event.node, event.signal);
        break;
      case 'incident':
        this.#incident(event.incident);
        break;
      case 'ready':
        [this.#complete, this.#listening] = [true, true];
        break;
      default:
        return;
    }
    // The present state of a city is drawn once, when all of it is there.
    if (this.#complete) this.#show();
  }

  #incident(incident: IncidentView): void {
    this.incidents.set(incident.id, incident);
    if (incident.closed_us === null) this.#ports.onIncident?.(incident, this.#listening);
  }

  /** A site that no agreement names may have one since we last asked. */
  #meet(node: string): void {
    const due = this.#ports.nowUs() - this.#reloadedUs > RELOAD_AT_MOST_US;
    if (due && !this.city.sites.has(node)) void this.reload();
  }

  #show(): void {
    const { board } = this.#ports;
    const sites = [...this.city.sites.values()];
    this.unverified = this.city.unverified.size;
    const connected = sites.filter(({ online }) => online).length;
    if (board.nodes?.connected !== connected || board.nodes.known !== sites.length) {
      board.nodes = { connected, known: sites.length };
    }
    const cameras = sites.flatMap((site) =>
      site.registration.cameras.flatMap((camera) => this.#camera({ site, camera }) ?? []),
    );
    const incidents = [...this.incidents.values()].map((incident) => this.#view(incident));
    // The map draws anew for new lists, so equal ones are not handed on.
    const shown = { cameras: JSON.stringify(cameras), incidents: JSON.stringify(incidents) };
    if (shown.cameras !== this.#shown.cameras || board.cameras.state !== 'ready') board.cameras = ready(cameras);
    if (shown.incidents !== this.#shown.incidents || board.incidents.state !== 'ready') board.take(incidents);
    this.#shown = shown;
  }

  /** Null for a camera that no agreement opens for this officer, whatever happens. */
  #camera({ site, camera }: Placed): Camera | null {
    const openings = this.#openings({ site, camera }, 'live');
    const [opening] = openings;
    if (opening === undefined) return null;
    const asks = openings.flatMap(({ how, clause }) => (how === 'request' ? [clause.rendition] : []));
    return {
      id: camera.id,
      name: camera.name,
      site: site.node,
      owner: site.agreements[0]?.agreement.owner.name ?? site.registration.name,
      at: [camera.lon, camera.lat],
      heading: camera.heading_deg,
      angle: camera.angle_deg,
      range: camera.range_m,
      state: stateOf(site, opening),
      asks: [...new Set(asks)],
      ...(opening.how === 'now' ? { opens: opening.clause.rendition } : {}),
      ...(camera.view.length > 3 ? { cone: closed(camera.view) } : {}),
    };
  }

  #view(incident: IncidentView): Incident {
    const site = incident.signal ? this.city.sites.get(incident.signal.node) : undefined;
    // An alarm that rises again joins the incident; what counts is what its sites say now.
    const nodes = new Set([incident.signal?.node, ...incident.openable.map(({ node }) => node)]);
    const signals = [...nodes].flatMap((node) =>
      [...(this.city.sites.get(node ?? '')?.signals.values() ?? [])].filter(({ signal }) => signal === incident.kind),
    );
    return {
      id: incident.id,
      kind: incident.kind,
      title: incident.title,
      place: site?.registration.name ?? '',
      at: [incident.lon, incident.lat],
      radius: Math.round(incident.radius_m),
      opened: instant(incident.opened_us),
      openedBy: incident.signal === null ? 'person' : 'signal',
      ends: null,
      closed: incident.closed_us === null ? null : instant(incident.closed_us),
      caseNumber: null,
      signals: signals.map((signal): Signal => ({
        id: signal.episode,
        site: signal.node,
        place: this.city.sites.get(signal.node)?.registration.name ?? '',
        kind: signal.signal,
        raised: instant(signal.first_raised_us),
        expires: instant(signal.lease_until_us),
        cleared: signal.cleared_us === null ? null : instant(signal.cleared_us),
      })),
    };
  }
}

function stateOf({ online }: Site, { how }: Opening): CameraState {
  if (!online) return 'offline';
  return how === 'now' ? 'shared' : how;
}

function instant(us: number): string {
  return new Date(us / 1000).toISOString();
}

function closed(ring: readonly LonLat[]): readonly LonLat[] {
  const [first, last] = [ring[0], ring.at(-1)];
  return first && last && (first[0] !== last[0] || first[1] !== last[1]) ? [...ring, first] : ring;
}

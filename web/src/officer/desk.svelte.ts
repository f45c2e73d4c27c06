/** A logged-in officer's desk: the hub's news, the wall, and what is asked of whom. */

import { AgencyClient, type IncidentDraft } from '$lib/agency/client';
import type { Answer } from '$lib/api';
import type { PageConfig } from '$lib/config';
import { HubClient, socketOrigin, type IncidentView } from '$lib/hub/client';
import { listen, type HubEvent } from '$lib/hub/events';
import type { Opening } from '$lib/hub/openings';
import type { Identity } from '$lib/secure/device';
import { pause } from '$lib/pause';
import { playsHevc, warmDecoder } from '$lib/player/warm';
import { open, type Envelope } from '$lib/secure/envelope';
import { end, type Rendition } from '$lib/secure/statements';
import { SignedIn } from '$lib/signed-in';
import { Asker } from './asking';
import type { Board } from './board.svelte';
import { Challenges } from './challenges';
import { Feed } from './feed.svelte';
import { IncidentStatements } from './incident-statements';
import { WallTile } from './tile.svelte';
import { MOST_TILES, VideoWall } from './wall.svelte';

export interface DeskPorts {
  readonly config: PageConfig;
  readonly identity: Identity;
  readonly role: string;
  readonly board: Board;
  /** A server refused this device for a reason that ends it. */
  readonly onRefused: (reason: string) => void;
  readonly notes: Pick<Storage, 'getItem' | 'setItem'>;
}

const TICK_MS = 1000;
const REFRESH_EVERY = 5;
const RELOAD_EVERY = 300;
const AUTO = 'handfast.watchAtOnce';

function nowUs(): number {
  return Date.now() * 1000;
}

export class Desk {
  readonly wall = new VideoWall(nowUs);
  readonly feed: Feed;
  /** Kept by this browser: watch at once when an alarm rises at a site that shares. */
  watchAtOnce = $state(false);

  readonly #ports: DeskPorts;
  readonly #agencyDoor: SignedIn;
  readonly #hubDoor: SignedIn;
  readonly #hub: HubClient;
  readonly #challenges: Challenges;
  readonly #asker: Asker;
  readonly #statements: IncidentStatements;
  #undo: (() => void)[] = [];
  #known = false;
  #playsAll = false;
  /** By camera, the raise that was there before or has been answered. */
  readonly #seen = new Map<string, string>();
  #waiting: (() => void)[] = [];

  constructor(ports: DeskPorts) {
    this.#ports = ports;
    const { config, identity, board, role } = ports;
    const door = (base: string, audience: string): SignedIn => new SignedIn({ base, audience, identity, nowUs });
    this.#agencyDoor = door('/api/v1', `agency:${config.agency}`);
    this.#hubDoor = door(`${config.hub}/api/v1`, `hub:${config.hubId}`);
    const agency = new AgencyClient(this.#agencyDoor);
    this.#hub = new HubClient(this.#hubDoor);
    this.#challenges = new Challenges((node) => this.#hub.challenge(node), () => performance.now());
    const newId = (): string => crypto.randomUUID();
    this.#asker = new Asker({ identity, hub: this.#hub, challenges: this.#challenges, notes: ports.notes, nowUs, newId, pause });
    this.#statements = new IncidentStatements({ agency, hub: this.#hub, nowUs });
    const onIncident = (incident: IncidentView, news: boolean): void => this.#heard(incident, news);
    this.feed = new Feed({ board, agency, root: config.root, role, nowUs, onIncident });
    this.watchAtOnce = ports.notes.getItem(AUTO) === 'yes';
  }

  /** Logs in on both sides and listens; returns when the first news may come. */
  async start(): Promise<void> {
    const { board, onRefused } = this.#ports;
    board.cameras = { state: 'loading' };
    board.incidents = { state: 'loading' };
    const [agency] = await Promise.all([this.#agencyDoor.session(), this.#hubDoor.session()]);
    if (agency.outcome === 'denied') onRefused(agency.denial.reason);
    if (agency.outcome === 'failed') {
      board.cameras = { state: 'failed', problem: agency.problem };
      board.incidents = board.cameras;
    }
    if (agency.outcome === 'ok') {
      const { name, role } = agency.value;
      board.viewer = { id: this.#ports.identity.fingerprint, name, agency: this.#ports.config.organisation, role };
    }
    await this.feed.reload();
    this.#listen();
    void warmDecoder();
    void playsHevc().then((plays) => (this.#playsAll = plays));
    let ticks = 0;
    const timer = setInterval(() => {
      ticks += 1;
      this.feed.tick();
      if (ticks % REFRESH_EVERY === 0) this.prepare();
      if (ticks % RELOAD_EVERY === 0) void this.feed.reload();
    }, TICK_MS);
    this.#undo.push(() => clearInterval(timer));
  }

  stop(): void {
    for (const undo of this.#undo.splice(0)) undo();
    this.wall.close();
  }

  chooseWatchAtOnce(yes: boolean): void {
    this.watchAtOnce = yes;
    this.#ports.notes.setItem(AUTO, yes ? 'yes' : 'no');
    this.prepare();
  }

  /** Calls back once the present state of the city is there. */
  whenKnown(work: () => void): void {
    if (this.#known) work();
    else this.#waiting.push(work);
  }

  /**
   * Cameras onto the wall, for an incident; their nodes are asked all at once.
   *
   * Args:
   *   wanted: the rendition to ask for; without it, what each agreement gives first.
   */
  watch(incident: string, cameras: readonly string[], wanted?: Rendition): void {
    const tiles = cameras.flatMap((camera) => this.#tile(incident, camera, wanted) ?? []);
    this.wall.add(tiles);
  }

  async openIncident(draft: IncidentDraft): Promise<Answer<IncidentView>> {
    const answer = await this.#statements.open(draft);
    if (answer.outcome === 'ok') await this.feed.take({ type: 'incident', incident: answer.value });
    return answer;
  }

  async closeIncident(incident: string): Promise<Answer<IncidentView>> {
    const answer = await this.#hub.close(incident);
    if (answer.outcome === 'ok') await this.feed.take({ type: 'incident', incident: answer.value });
    return answer;
  }

  /** Keeps challenges in hand for what may be asked next. */
  prepare(): void {
    const counts = new Map<string, number>();
    const looked = this.#ports.board.spot?.incident?.id;
    for (const site of this.feed.city.sites.values()) {
      if (!site.online) continue;
      const wanted = site.registration.cameras.filter(({ id }) => {
        if (this.wall.find(id)) return false;
        const ways = this.feed.openings(id).map(({ how }) => how);
        const raised = ways.includes('now') && (looked !== undefined || this.watchAtOnce);
        return raised || (this.watchAtOnce && ways.includes('alarm'));
      });
      if (wanted.length > 0) counts.set(site.node, Math.min(wanted.length, MOST_TILES));
    }
    this.#challenges.want(counts);
  }

  #listen(): void {
    const { board, config, onRefused } = this.#ports;
    const close = listen({
      origin: socketOrigin(config.hub),
      token: async () => {
        const session = await this.#hubDoor.session();
        if (session.outcome === 'denied') onRefused(session.denial.reason);
        if (session.outcome !== 'ok') throw new Error('no session at the hub');
        return session.value.token;
      },
      onStranger: () => this.#hubDoor.forget(),
      onEvent: (event) => void this.#take(event),
      onUnread: () => (this.feed.unread += 1),
      onState: (state) => {
        if (state.state === 'open') this.feed.begin();
        board.link = state;
      },
    });
    this.#undo.push(close);
  }

  async #take(event: HubEvent): Promise<void> {
    if (event.type === 'decision') return this.#asker.decided(event.request, event.decision);
    if (event.type === 'ended') return this.#ended(event.grant, event.ended);
    await this.feed.take(event);
    if (event.type === 'signal') this.#rose(event.node);
    if (event.type === 'ready' || event.type === 'site') this.prepare();
    if (event.type !== 'ready') return;
    this.#known = true;
    for (const work of this.#waiting.splice(0)) work();
  }

  /** Each raise opens a camera by itself once; one that somebody closed stays closed until the next. */
  #heard(incident: IncidentView, news: boolean): void {
    const risen = incident.openable.filter(({ camera }) => {
      const opening = this.feed.opening(camera);
      if (opening?.how !== 'now' || !opening.signal) return false;
      const { episode, raised_us: raised } = opening.signal;
      const seen = this.#seen.get(camera) === `${episode}/${raised}`;
      this.#seen.set(camera, `${episode}/${raised}`);
      return !seen;
    });
    if (!news || !this.watchAtOnce || risen.length === 0) return;
    this.watch(incident.id, risen.map(({ camera }) => camera));
  }

  /** An alarm that rises again within its episode opens no new incident; its own is still there. */
  #rose(node: string): void {
    for (const incident of this.feed.incidents.values()) {
      const isPart = incident.closed_us === null && incident.openable.some((each) => each.node === node);
      if (isPart) this.#heard(incident, this.#known);
    }
  }

  /** A grant has ended; believed when its own node has signed it. */
  async #ended(grant: string, envelope: Envelope): Promise<void> {
    const tile = this.wall.tiles.find(({ live, recorded }) => [live.grantId, recorded.grantId].includes(grant));
    const site = tile && this.feed.placed(tile.id)?.site;
    if (!site) return;
    for (const node of site.agreements) {
      try {
        const { statement } = await open(envelope, end, node.ring);
        if (statement.node === node.id && statement.grant === grant) return this.wall.ended(grant, statement.reason);
      } catch {
        continue; // another agreement with this site may pin the key that signed it
      }
    }
  }

  #tile(incident: string, id: string, wanted?: Rendition): WallTile | null {
    const placed = this.feed.placed(id);
    if (placed === null) return null;
    const { site, camera } = placed;
    const owner = site.agreements[0]?.agreement.owner.name ?? site.registration.name;
    return new WallTile(
      { id, name: camera.name, owner, streams: camera.streams },
      {
        incident,
        wanted,
        opening: (each, view, rendition) => this.feed.opening(each, view, rendition),
        statement: (each, opening) => this.#statement(incident, each, opening),
        purpose: (opening) => this.#purpose(incident, opening),
        asker: this.#asker,
        hub: this.#hub,
        origin: this.#ports.config.hub,
        token: () => this.#hubDoor.token,
        playsAll: () => this.#playsAll,
        nowUs,
      },
    );
  }

  async #statement(id: string, camera: string, { clause }: Opening): Promise<Envelope | null> {
    const incident = this.feed.incidents.get(id);
    const site = this.feed.placed(camera)?.site.registration;
    if (!incident || !site) return null;
    if (!clause.needs_incident) return incident.statement;
    return this.#statements.covering(incident, [site.lon, site.lat]);
  }

  /** The incident's own kind, where the clause knows it as a purpose. */
  #purpose(id: string, { clause, purpose }: Opening): string {
    const kind = this.feed.incidents.get(id)?.kind ?? '';
    return clause.purposes.includes(kind) ? kind : purpose;
  }
}

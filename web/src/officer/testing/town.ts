/** A town in memory: one site that signs and seals, the hub and the agency between it and the page. */

import { vi } from 'vitest';
import { HubClient } from '$lib/hub/client';
import { EPISODE, incidentOf, signalOf, siteOf } from '$lib/hub/testing/city';
import type { Opening } from '$lib/hub/openings';
import { AVCC } from '$lib/player/testing/live-story';
import { notesOf } from '$lib/player/testing/notes';
import { TestRecording } from '$lib/player/testing/recording';
import { FRAME_EVENT, type FrameDetail } from '$lib/player/screen';
import type { TrackNote } from '$lib/player/track-notes';
import { Api } from '$lib/api';
import type { Ask } from '$lib/secure/ask';
import { b64, type Bytes, concat, copyOf, fromUtf8, unb64 } from '$lib/secure/bytes';
import type { Json } from '$lib/secure/canonical';
import { type Envelope, payloadHash } from '$lib/secure/envelope';
import type { Asked } from '$lib/secure/release';
import { accessRequest, decision, type Rendition, signal, type View } from '$lib/secure/statements';
import { avcConfig } from '$lib/secure/testing/sealer';
import { ids, jsonFrame, keyOf, NOON, runFrame, segmentFrame, signedBy, type TestSite, unitsFrame } from '$lib/secure/testing/site';
import { Asker } from '../asking';
import { Challenges } from '../challenges';
import { WallTile } from '../tile.svelte';
import { FakeChunk, FakeSocket, FakeVideoDecoder } from './browser';

export const HUB = 'https://hub.test';
export const NOW = NOON + 5_000_000;
/** Recordings begin here, one group a second, 25 pictures each. */
export const RECORDED_FROM = NOON - 9_000_000;
export const FRAME_US = 40_000;

export interface TownTile {
  readonly id?: string;
  readonly wanted?: Rendition;
  readonly opening?: ((camera: string, view: View, rendition?: Rendition) => Opening | null) | undefined;
  readonly streams?: readonly ('main' | 'sub')[];
}

export type Reply = 'permit' | 'pending' | { readonly deny: string };

export class Town {
  nowUs = NOW;
  /** How the site answers, by view. */
  live: Reply = 'permit';
  recorded: Reply = 'permit';
  /** How much of live redacted pictures is covered, as the site says. */
  redaction = { state: 'normal', reason: '' };
  /** Who is where in live pictures that are not clear. */
  liveTracks: readonly TrackNote[] = [];
  /** Whether the site still makes more of redacted ranges; what there is of them is in `recording`. */
  making = false;
  /** Why the rest of a redacted range will not come. */
  unmade: string | null = null;
  /** What live viewers are told of their end. */
  closesUs = NOON + 300_000_000;
  readonly asked: Asked[] = [];
  readonly sockets: FakeSocket[] = [];
  readonly site: TestSite;
  readonly asker: Asker;
  /** By id of the grant, what it answers. */
  readonly #grants = new Map<string, Asked>();

  private constructor(readonly recording: TestRecording) {
    this.site = recording.site;
    const challenge = { outcome: 'ok', value: { challenge: b64(new Uint8Array(32)), expires_us: 0 } } as const;
    this.asker = new Asker({
      identity: this.site.officer,
      hub: this.hub,
      challenges: new Challenges(async () => challenge, () => 0),
      notes: { getItem: () => null, setItem: () => undefined },
      nowUs: () => this.nowUs,
      newId: () => crypto.randomUUID(),
      pause: () => new Promise(() => undefined),
    });
  }

  /** A town whose site has recorded ten seconds; stands in for fetch, sockets and decoders. */
  static async open(): Promise<Town> {
    const recording = await TestRecording.create();
    await recording.record(10, RECORDED_FROM);
    const town = new Town(recording);
    const sockets = town.sockets;
    vi.stubGlobal('fetch', (input: string, init?: RequestInit) => town.#fetch(new URL(input, 'https://agency.test'), init));
    vi.stubGlobal('WebSocket', class extends FakeSocket {
      constructor(url: string) {
        super(url);
        sockets.push(this);
        town.#serve(this);
      }
    });
    vi.stubGlobal('VideoDecoder', FakeVideoDecoder);
    vi.stubGlobal('EncodedVideoChunk', FakeChunk);
    vi.stubGlobal('requestAnimationFrame', (callback: () => void) => setTimeout(callback, 20));
    vi.stubGlobal('cancelAnimationFrame', (timer: number) => clearTimeout(timer));
    return town;
  }

  get hub(): HubClient {
    return new HubClient(new Api({ origin: `${HUB}/api/v1`, fetch: (input, init) => globalThis.fetch(input, init) }));
  }

  opening(how: Opening['how'] = 'now', rendition: Rendition = 'clear'): Opening {
    const [first] = this.site.trusted.agreement.clauses;
    if (!first) throw new Error('the test site has a clause');
    const clause = { ...first, id: rendition === 'clear' ? first.id : 'covered', rendition };
    const when = { type: 'request', approvals: 1, answer_within_s: 900 } as const;
    const asked = how === 'request' ? { ...clause, id: 'ask', when } : clause;
    return { how, node: this.site.trusted, clause: asked, signal: null, purpose: 'emergency' };
  }

  /** As at a stop where passers-by are covered: redacted by the alarm, clear by the owner's yes. */
  readonly covered = (_camera: string, _view: View, rendition?: Rendition): Opening =>
    rendition === 'clear' ? this.opening('request', 'clear') : this.opening('now', 'redacted');

  tile(options: TownTile = {}): WallTile {
    const opening = options.opening ?? (() => this.opening());
    return new WallTile(
      { id: options.id ?? ids.camera, name: 'Yard', owner: 'Kallio school', streams: options.streams ?? ['main'] },
      {
        incident: ids.incident,
        wanted: options.wanted,
        opening,
        statement: async () => null,
        purpose: ({ purpose }) => purpose,
        asker: this.asker,
        hub: this.hub,
        origin: HUB,
        token: () => 'token',
        playsAll: () => true,
        nowUs: () => this.nowUs,
      },
    );
  }

  /** The owner answers what was asked in this place of `asked`. */
  async answer(index: number, reply: Reply): Promise<void> {
    const asked = this.asked[index] as Asked;
    this.asker.decided(asked.hash, await this.#decide(asked, reply));
  }

  alarm(changes: Record<string, Json> = {}): Promise<Envelope> {
    return signalOf(this.site, changes);
  }

  async signal(changes: Record<string, Json> = {}): Promise<NonNullable<Opening['signal']>> {
    return signal.read(statementOf(await this.alarm(changes)), 'test');
  }

  grantOf(index: number): string {
    const asked = this.asked[index] as Asked;
    return [...this.#grants].find(([, each]) => each === asked)?.[0] ?? '';
  }

  /** Tells whoever listens to the hub's events. */
  async tell(...events: readonly object[]): Promise<void> {
    const socket = this.sockets.findLast(({ url }) => url.endsWith('/events'));
    for (const event of events) socket?.give(JSON.stringify(event));
  }

  async present(): Promise<object[]> {
    return [{ type: 'site', site: await siteOf(this.site) }, { type: 'ready', at_us: NOON }];
  }

  async rise(episode = EPISODE): Promise<void> {
    await this.tell({ type: 'signal', node: ids.node, signal: await this.alarm({ episode }) }, { type: 'incident', incident: incidentOf() });
  }

  async #decide(asked: Asked, reply: Reply): Promise<Envelope> {
    const base = { node: ids.node, request: asked.hash, reason: null, explanation: null, answer_by_us: null, grant: null, log: null, sealed: null, decided_us: NOON };
    if (reply === 'pending') return signedBy(decision, { ...base, outcome: 'pending', answer_by_us: this.nowUs + 900_000_000 }, this.site.nodeKey);
    if (reply !== 'permit') {
      return signedBy(decision, { ...base, outcome: 'deny', reason: reply.deny, explanation: 'Because.' }, this.site.nodeKey);
    }
    const id = crypto.randomUUID();
    this.#grants.set(id, asked);
    const grant = this.site.grant(asked, { id });
    const [period] = this.recording.segments.map((segment) => segment.period);
    const covers = [{ period: period as string, nodes: this.recording.periodNodes.map((node) => [...node]) }];
    const released = asked.statement.view === 'recorded' ? { grant: id, covers, runs: [] } : { grant: id, live_key: b64(this.site.liveKey) };
    return this.site.permit(asked, grant, { released });
  }

  async #fetch(url: URL, init?: RequestInit): Promise<Response> {
    const path = url.pathname.replace('/api/v1', '');
    if (path.endsWith('/access')) return Response.json({ decision: await this.#access(init) });
    if (path.endsWith('/recordings')) return Response.json(await this.#list(path.split('/')[2] ?? ''));
    if (path.includes('/segments/')) return new Response(this.#bytes(url));
    if (path.endsWith('/challenge')) return this.#challenge(url);
    if (path === '/login') return Response.json({ token: 't', expires_us: NOON * 2, name: 'A. Virtanen', role: 'officer' });
    if (path === '/agreements') return Response.json({ agreements: [this.site.agreement] });
    return Response.json({ title: 'no such thing' }, { status: 404 });
  }

  #challenge({ pathname, origin }: URL): Response {
    const audience = origin === HUB ? 'hub:h1' : `agency:${ids.agency}`;
    const isLogin = pathname.endsWith('/login/challenge');
    return Response.json({ challenge: b64(new Uint8Array(32)), expires_us: NOON * 2, ...(isLogin ? { audience } : {}) });
  }

  async #access(init?: RequestInit): Promise<Envelope> {
    const ask = JSON.parse(init?.body as string) as Ask;
    const asked = { statement: accessRequest.read(statementOf(ask.request), 'test'), hash: await payloadHash(ask.request) };
    this.asked.push(asked);
    return this.#decide(asked, asked.statement.view === 'live' ? this.live : this.recorded);
  }

  /** Redacted segments are vouched for by nobody: they are listed as open ones are. */
  async #list(grant: string): Promise<object> {
    const rendition = this.#grants.get(grant)?.statement.rendition ?? 'clear';
    const ours = this.recording.segments.filter(({ of }) => of.rendition === rendition);
    if (rendition === 'clear') return { manifests: await Promise.all(ours.map((segment) => this.recording.manifestOf(segment))), open: [] };
    const open = ours.map((segment) => ({ header: b64(segment.header), runs: segment.runs.map(({ listed }) => listed) }));
    return { manifests: [], open: open.filter(({ runs }) => runs.length > 0), making: this.making, reason: this.unmade };
  }

  #bytes({ pathname, searchParams }: URL): Uint8Array<ArrayBuffer> {
    const [offset, length] = [Number(searchParams.get('offset')), Number(searchParams.get('length'))];
    const found = this.recording.segments.find(({ segment }) => pathname.endsWith(`/${segment}`));
    return found ? found.bytes.slice(offset, offset + length) : new Uint8Array(0);
  }

  /** The hub's end of a socket: a second of pictures at once, and the site's word to each nonce. */
  #serve(socket: FakeSocket): void {
    queueMicrotask(() => socket.accept());
    const [, grant = ''] = /grants\/([^/]+)\/live$/.exec(socket.url) ?? [];
    if (!this.#grants.has(grant)) return;
    const rendition = this.#grants.get(grant)?.statement.rendition ?? 'clear';
    const covered = rendition !== 'clear';
    const segment = this.site.segment(60, NOON, 1, rendition);
    const notes = notesOf(covered ? this.liveTracks : undefined);
    const units = Array.from({ length: 25 }, (_, index) => ({ key: index === 0, pts: index * 3600, data: concat(notes, Uint8Array.of(index)) }));
    const sealed = segment.append(keyOf(5), 5, this.nowUs, avcConfig(AVCC), units);
    const give = (frame: Bytes): void => socket.give(copyOf(frame).buffer);
    const answer = async (nonce: string): Promise<void> => {
      const newest = { segment: segment.segment, run: (await sealed).run, unit: 25, pts: 24 * 3600 };
      const told = covered ? { rendition, redaction: this.redaction } : {};
      give(jsonFrame(7, await this.site.alive(nonce, { ...newest, ...told, closes: { grant, at_us: this.closesUs } })));
    };
    socket.onSent = (message) => {
      const { nonce } = JSON.parse(message) as { readonly nonce?: string };
      if (nonce !== undefined) void answer(nonce);
    };
    void sealed.then(async (run) => {
      const key = await this.site.keyFrame(segment.segment, run, grant);
      for (const frame of [segmentFrame(segment), key, runFrame(segment, run), unitsFrame(segment, run)]) give(frame);
    });
  }
}

/** Times of the pictures that were drawn, newest last; null for live. */
export function drawnOn(canvas: HTMLCanvasElement): FrameDetail[] {
  const drawn: FrameDetail[] = [];
  canvas.addEventListener(FRAME_EVENT, (event) => void drawn.push((event as CustomEvent<FrameDetail>).detail));
  return drawn;
}

function statementOf({ payload }: Envelope): unknown {
  return JSON.parse(fromUtf8(unb64(payload)));
}

/** One camera on the wall: live, and recorded when somebody looks back. */

import type { HubClient } from '$lib/hub/client';
import { socketOrigin } from '$lib/hub/client';
import { opensFromUs, signalEndUs, type Opening } from '$lib/hub/openings';
import { pause } from '$lib/pause';
import { hubBytes } from '$lib/player/recorded-view';
import { showsPicture, type TileState } from '$lib/player/tile-state';
import type { Envelope } from '$lib/secure/envelope';
import type { Grant, Rendition, Signal, Stream, View } from '$lib/secure/statements';
import type { Asker, Asking, Wish } from './asking';
import type { BesideState } from './beside.svelte';
import { LiveChannel } from './live-channel.svelte';
import { RecordedChannel, type Range } from './recorded-channel.svelte';
import { Unmasking } from './unmasking.svelte';
import { LiveUnmasking } from './unmasking-live.svelte';

/** What a tile has to know of its camera, and cannot change. */
export interface TileCamera {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly streams: readonly Stream[];
}

/** The end of an access as things stand. */
export interface Closing {
  /** Microseconds. */
  readonly atUs: number;
  /** Whether an alarm that is still up makes it later when it goes on. */
  readonly mayGoOn: boolean;
}

export interface TilePorts {
  readonly incident: string;
  /** What to ask for; without it, what the agreement gives first. */
  readonly wanted: Rendition | undefined;
  /** How the camera opens at this moment, in a rendition or at all; null when it does not for this officer. */
  readonly opening: (camera: string, view: View, rendition?: Rendition) => Opening | null;
  /** The statement that the opening needs, if it needs one; null when none can be had. */
  readonly statement: (camera: string, opening: Opening) => Promise<Envelope | null>;
  /** What the request gives as its reason. */
  readonly purpose: (opening: Opening) => string;
  readonly asker: Asker;
  readonly hub: HubClient;
  /** Origin of the hub. */
  readonly origin: string;
  readonly token: () => string;
  /** Whether this browser decodes whatever cameras send. */
  readonly playsAll: () => boolean;
  readonly nowUs: () => number;
}

type Subject = Pick<Wish, 'view' | 'stream' | 'range' | 'track' | 'trackKind' | 'seenIn' | 'comment'>;

/** Clocks of two machines are never quite the same; what reaches beyond is refused as a whole. */
const CLOCK_SLACK_US = 2_000_000;
/**
 * Covering a range takes the site about as long as the range lasts, and begins at its beginning. So
 * it is asked for from the wanted instant on, and from before it where an owner has to say yes, who
 * is not to be asked for every few seconds more.
 */
const LEAD_US = { now: 1_000_000, request: 10_000_000, alarm: 0 } as const;

export class WallTile {
  readonly camera: TileCamera;
  readonly incident: string;
  readonly live: LiveChannel;
  readonly recorded: RecordedChannel;
  /** Seeing one person of a redacted recording. */
  readonly unmasking: Unmasking;
  /** The same in the live picture. */
  readonly unmaskingLive: LiveUnmasking;
  mode = $state<View>('live');
  /** What was asked for last where nothing was shown, by view. */
  asked = $state.raw<Readonly<Record<View, Rendition>>>({ live: 'redacted', recorded: 'redacted' });

  readonly #ports: TilePorts;

  constructor(camera: TileCamera, ports: TilePorts) {
    this.camera = camera;
    this.incident = ports.incident;
    this.#ports = ports;
    const { origin, token, nowUs, hub } = ports;
    this.live = new LiveChannel({
      ask: (stream, signal) => this.#askFirst({ view: 'live', stream, range: null }, signal),
      socket: (grant) => ({ address: `${socketOrigin(origin)}/api/v1/grants/${grant}/live`, token: token() }),
      nowUs,
    });
    this.recorded = new RecordedChannel({
      ask: (stream, range, signal) => this.#askFirst({ view: 'recorded', stream, range }, signal),
      recordings: (grant, { fromUs, untilUs }) => hub.recordings(grant, fromUs, untilUs),
      fetchBytes: (grant) => hubBytes(origin, grant, token),
      pause,
    });
    this.unmasking = new Unmasking({
      channel: this.recorded,
      opening: () => ports.opening(camera.id, 'recorded', 'unmasked'),
      ask: (opening, { of, track, as: trackKind, reason }, signal) => {
        const range = { fromUs: of.from_us, untilUs: of.range_until_us ?? of.from_us };
        return this.#ask(opening, { view: 'recorded', stream: of.stream, range, track, trackKind, comment: reason }, signal);
      },
    });
    this.unmaskingLive = new LiveUnmasking({
      channel: this.live,
      opening: () => ports.opening(camera.id, 'live', 'unmasked'),
      ask: (opening, { of, track, as: trackKind, seenIn, reason }, signal) =>
        this.#ask(opening, { view: 'live', stream: of.stream, range: null, track, trackKind, seenIn, comment: reason }, signal),
    });
  }

  get id(): string {
    return this.camera.id;
  }

  get state(): TileState {
    return this.mode === 'live' ? this.live.state : this.recorded.state;
  }

  get grant(): Grant | null {
    return this.mode === 'live' ? this.live.grant : this.recorded.grant;
  }

  get authentic(): 'unknown' | 'yes' | 'no' {
    return this.mode === 'live' ? this.live.authentic : this.recorded.authentic;
  }

  /** Of the picture that is shown, or of what was asked for as long as there is none. */
  get rendition(): Rendition {
    const isAsking = ['asking', 'pending', 'denied', 'failed', 'to-ask'].includes(this.state.kind);
    return (isAsking ? null : this.grant?.rendition) ?? this.asked[this.mode];
  }

  /** How clear pictures could be had instead of the covered ones here; null when they cannot. */
  get clearer(): 'now' | 'request' | null {
    if (this.#shown(this.mode) !== 'redacted') return null;
    const how = this.#ports.opening(this.camera.id, this.mode, 'clear')?.how ?? 'alarm';
    return how === 'alarm' ? null : how;
  }

  /** How asking for the clear picture stands while the covered one is shown. */
  get beside(): BesideState | null {
    return (this.mode === 'live' ? this.live : this.recorded).beside.state;
  }

  /** From when on its agreement opens recordings now; null when it does not. */
  get opensFromUs(): number | null {
    const found = this.#opening('recorded');
    return found === null || found.how === 'alarm' ? null : opensFromUs(found, this.#ports.nowUs()) + CLOCK_SLACK_US;
  }

  /** Whether only a yes of the owner opens recordings: nobody asks them for that unawares. */
  get mustAsk(): boolean {
    return this.#opening('recorded')?.how === 'request';
  }

  /** Whether `wallUs` may be had by asking for more of the recordings. */
  lacks(wallUs: number): boolean {
    const lacks = this.recorded.lacks(wallUs, { opensFromUs: this.opensFromUs, nowUs: this.#ports.nowUs() });
    return lacks || (!this.mustAsk && this.recorded.isFarAhead(wallUs));
  }

  /**
   * When access ends as things stand: by the site's newest signed word, or reckoned like it from
   * the alarm that the site signed. An alarm that goes on makes it later, up to the grant's end.
   */
  closes(): Closing | null {
    const { grant } = this;
    if (grant === null) return null;
    const found = this.#ports.opening(this.camera.id, this.mode, grant.rendition);
    const signal = found?.clause.id === grant.clause ? found.signal : null;
    const reckonedUs = found && signal ? signalEndUs(found.clause, signal) : grant.until_us;
    const saidUs = this.mode === 'live' ? this.live.closesUs : null;
    const atUs = Math.min(grant.until_us, saidUs ?? reckonedUs);
    return { atUs, mayGoOn: atUs < grant.until_us && signal?.cleared_us === null };
  }

  /** The alarm that its agreement counts from, as the site signed it. */
  get signal(): Signal | null {
    return this.#ports.opening(this.camera.id, this.mode)?.signal ?? null;
  }

  /**
   * `main` where the tile is large and the camera has it.
   *
   * An owner who said yes to one stream is not asked again for another: what was chosen first
   * stays, and it is one that surely can be shown.
   */
  streamFor(large: boolean): Stream {
    const isAsked = this.#opening('live')?.how === 'request';
    // A number counts in one stream only.
    const isBound = this.#shown('live') === 'unmasked' || this.unmaskingLive.waits;
    if ((isAsked && this.live.grant) || isBound) return this.live.stream;
    const wanted = large && (!isAsked || this.#ports.playsAll()) ? 'main' : 'sub';
    return this.camera.streams.includes(wanted) ? wanted : (this.camera.streams[0] ?? 'main');
  }

  /** Looks back to `atUs`, from `fromUs` until now, or as far as that is open. */
  async lookBack(stream: Stream, fromUs: number, atUs: number): Promise<void> {
    this.mode = 'recorded';
    await this.recorded.open(stream, this.#range(this.#opening('recorded'), fromUs, atUs));
  }

  /** Asks for the clear picture in place of the covered one, which stays until it is there. */
  async askClear(fromUs: number, atUs: number): Promise<void> {
    const { mode: view } = this;
    const opening = this.#ports.opening(this.camera.id, view, 'clear');
    if (view === 'live') {
      return this.live.change((stream, signal) => this.#ask(opening, { view, stream, range: null }, signal));
    }
    const range = this.#range(opening, fromUs, atUs);
    await this.recorded.change((stream, signal) => this.#ask(opening, { view, stream, range }, signal));
  }

  /** An alarm has risen, or somebody watches anew: takes what opens by itself where it is more. */
  wake(stream: Stream): void {
    const { kind } = this.live.state;
    if (['ended', 'denied', 'failed'].includes(kind)) return void this.live.ask(stream);
    const first = this.#ports.opening(this.camera.id, 'live', this.#ports.wanted);
    const opensClear = first?.how === 'now' && first.clause.rendition === 'clear';
    if (opensClear && this.#shown('live') === 'redacted') {
      void this.live.change((now, signal) => this.#ask(first, { view: 'live', stream: now, range: null }, signal));
    }
  }

  backToLive(): void {
    this.mode = 'live';
  }

  /** A grant of this camera has ended, as its node signed it. */
  ended(grant: string, reason: string): void {
    if (grant === this.live.grantId) this.live.ended(reason);
    if (grant === this.recorded.grantId) this.recorded.ended(reason);
  }

  close(): void {
    this.unmasking.leave();
    this.unmaskingLive.leave();
    this.live.close();
    this.recorded.close();
  }

  /** Of the picture in sight; null when there is none. */
  #shown(view: View): Rendition | null {
    const { state, grant } = view === 'live' ? this.live : this.recorded;
    return showsPicture(state.kind) ? (grant?.rendition ?? null) : null;
  }

  /** What to ask with: whoever sees one rendition asks for more of the same. */
  #opening(view: View): Opening | null {
    const shown = this.#shown(view);
    // One person is clear in exactly one range: beyond it, everybody is covered again.
    return this.#ports.opening(this.camera.id, view, (shown === 'unmasked' ? 'redacted' : shown) ?? this.#ports.wanted);
  }

  #range(opening: Opening | null, fromUs: number, atUs: number): Range {
    const nowUs = this.#ports.nowUs();
    const untilUs = nowUs - CLOCK_SLACK_US / 4;
    const opensUs = opening && opening.how !== 'alarm' ? opensFromUs(opening, nowUs) + CLOCK_SLACK_US : fromUs;
    const leadUs = opening?.clause.rendition === 'redacted' ? LEAD_US[opening.how] : Infinity;
    return { fromUs: Math.min(Math.max(fromUs, opensUs, atUs - leadUs), untilUs - 1), untilUs };
  }

  #askFirst(what: Subject, signal: AbortSignal): Promise<Asking> {
    const opening = this.#opening(what.view);
    if (opening) this.asked = { ...this.asked, [what.view]: opening.clause.rendition };
    return this.#ask(opening, what, signal);
  }

  async #ask(opening: Opening | null, what: Subject, signal: AbortSignal): Promise<Asking> {
    const { asker, incident, purpose, statement, wanted } = this.#ports;
    if (opening === null) return { outcome: 'deny', reason: wanted ? 'rendition-not-agreed' : 'camera-not-shared', explanation: '' };
    return asker.ask(
      {
        ...what,
        node: opening.node,
        camera: this.camera.id,
        rendition: opening.clause.rendition,
        purpose: purpose(opening),
        incident,
        statement: await statement(this.camera.id, opening),
        byOwner: opening.how === 'request',
      },
      signal,
    );
  }
}

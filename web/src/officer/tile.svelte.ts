/** One camera on the wall: live, and recorded when somebody looks back. */

import type { HubClient } from '$lib/hub/client';
import { socketOrigin } from '$lib/hub/client';
import { opensFromUs, signalEndUs, type Opening } from '$lib/hub/openings';
import { hubBytes } from '$lib/player/recorded-view';
import type { TileState } from '$lib/player/tile-state';
import type { Envelope } from '$lib/secure/envelope';
import type { Grant, Signal, Stream, View } from '$lib/secure/statements';
import type { Asker, Asking } from './asking';
import { LiveChannel } from './live-channel.svelte';
import { RecordedChannel, type Range } from './recorded-channel.svelte';

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
  /** How the camera opens at this moment; null when it does not for this officer. */
  readonly opening: (camera: string, view: View) => Opening | null;
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

/** Clocks of two machines are never quite the same; what reaches beyond is refused as a whole. */
const CLOCK_SLACK_US = 2_000_000;

export class WallTile {
  readonly camera: TileCamera;
  readonly incident: string;
  readonly live: LiveChannel;
  readonly recorded: RecordedChannel;
  mode = $state<View>('live');

  readonly #ports: TilePorts;

  constructor(camera: TileCamera, ports: TilePorts) {
    this.camera = camera;
    this.incident = ports.incident;
    this.#ports = ports;
    const { origin, token, nowUs, hub } = ports;
    this.live = new LiveChannel({
      ask: (stream, signal) => this.#ask('live', stream, null, signal),
      socket: (grant) => ({ address: `${socketOrigin(origin)}/api/v1/grants/${grant}/live`, token: token() }),
      nowUs,
    });
    this.recorded = new RecordedChannel({
      ask: (stream, range, signal) => this.#ask('recorded', stream, range, signal),
      recordings: (grant, { fromUs, untilUs }) => hub.recordings(grant, fromUs, untilUs),
      fetchBytes: (grant) => hubBytes(origin, grant, token),
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

  /** From when on its agreement opens recordings now; null when it does not. */
  get opensFromUs(): number | null {
    const { opening, nowUs } = this.#ports;
    const found = opening(this.camera.id, 'recorded');
    return found === null || found.how === 'alarm' ? null : opensFromUs(found, nowUs()) + CLOCK_SLACK_US;
  }

  /** Whether only a yes of the owner opens recordings: nobody asks them for that unawares. */
  get mustAsk(): boolean {
    return this.#ports.opening(this.camera.id, 'recorded')?.how === 'request';
  }

  /**
   * When access ends as things stand: by the site's newest signed word, or reckoned like it from
   * the alarm that the site signed. An alarm that goes on makes it later, up to the grant's end.
   */
  closes(): Closing | null {
    const { grant } = this;
    if (grant === null) return null;
    const found = this.#ports.opening(this.camera.id, this.mode);
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
    const isAsked = this.#ports.opening(this.camera.id, 'live')?.how === 'request';
    if (isAsked && this.live.grant) return this.live.stream;
    const wanted = large && (!isAsked || this.#ports.playsAll()) ? 'main' : 'sub';
    return this.camera.streams.includes(wanted) ? wanted : (this.camera.streams[0] ?? 'main');
  }

  /** Looks back from `fromUs` until now, or as far as that is open. */
  async lookBack(stream: Stream, fromUs: number): Promise<void> {
    this.mode = 'recorded';
    const from = Math.max(fromUs, this.opensFromUs ?? fromUs);
    const untilUs = this.#ports.nowUs() - CLOCK_SLACK_US / 4;
    await this.recorded.open(stream, { fromUs: Math.min(from, untilUs - 1), untilUs });
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
    this.live.close();
    this.recorded.close();
  }

  async #ask(view: View, stream: Stream, range: Range | null, signal: AbortSignal): Promise<Asking> {
    const { opening: find, asker, incident, purpose, statement } = this.#ports;
    const opening = find(this.camera.id, view);
    if (opening === null) return { outcome: 'deny', reason: 'camera-not-shared', explanation: '' };
    return asker.ask(
      {
        node: opening.node,
        camera: this.camera.id,
        stream,
        view,
        purpose: purpose(opening),
        incident,
        statement: await statement(this.camera.id, opening),
        range,
        byOwner: opening.how === 'request',
      },
      signal,
    );
  }
}

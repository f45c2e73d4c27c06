/** One camera's recordings: asks for a range, and for more of it as time goes on. */

import type { Answer } from '$lib/api';
import type { FetchBytes } from '$lib/player/group-source';
import { watchRecorded, type RecordedView } from '$lib/player/recorded-view';
import type { RecordedState } from '$lib/player/recorded-session';
import { isMaking, unmadeWhy } from '$lib/player/recordings';
import { fromRecorded, type TileState } from '$lib/player/tile-state';
import type { Span } from '$lib/player/timeline';
import type { TrackNote } from '$lib/player/track-notes';
import type { Grant, Stream } from '$lib/secure/statements';
import type { Asking, Permit } from './asking';
import { Beside } from './beside.svelte';

export interface Range {
  readonly fromUs: number;
  readonly untilUs: number;
}

export interface RecordedPorts {
  readonly ask: (stream: Stream, range: Range, signal: AbortSignal) => Promise<Asking>;
  readonly recordings: (grant: string, range: Range) => Promise<Answer<unknown>>;
  readonly fetchBytes: (grant: string) => FetchBytes;
  /** Waits so long, or until aborted. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Who is where in the picture in sight, and the grant that it belongs to. */
export interface Shown {
  readonly grant: Grant;
  readonly tracks: readonly TrackNote[];
}

/** What is open may lag so far behind now before more of it is asked for. */
export const STALE_US = 2_000_000;
/** Of a range that is being made, the list up to so much after the wanted instant comes first. */
const SOON_US = 100_000;
/** More of it is asked for in such steps, each as soon as it is made. */
const STEP_US = 1_000_000;
/** Whoever wants to see so much beyond what is made does not wait for all that lies between. */
const FAR_US = 15_000_000;
/** Between two looks at a range that is being made; the site itself waits for news meanwhile. */
const LOOK_EVERY_MS = 500;

export class RecordedChannel {
  state = $state.raw<TileState>({ kind: 'asking' });
  grant = $state.raw<Grant | null>(null);
  authentic = $state.raw<'unknown' | 'yes' | 'no'>('unknown');
  /** What was released and can be shown. */
  spans = $state.raw<readonly Span[]>([]);
  /** Of the redacted picture in sight; null while there is none, or it does not say. */
  shown = $state.raw<Shown | null>(null);
  /** The site is still covering people in a part of the range: more of it comes by itself. */
  preparing = $state(false);
  /** Why the rest of the range will not come; null while nothing is wrong. */
  stopped = $state<string | null>(null);
  /** Another rendition that is asked for while this picture stays. */
  readonly beside = new Beside();

  readonly #ports: RecordedPorts;
  #canvas: HTMLCanvasElement | null = null;
  #release: { readonly permit: Permit; readonly recordings: unknown } | null = null;
  #view: RecordedView | null = null;
  #abort = new AbortController();
  /** Ends looking for more of a range that is being made. */
  #looking = new AbortController();
  #stream: Stream = 'sub';
  #turn = 0;
  #asked: 'never' | 'asking' | 'open' | 'refused' = 'never';
  /** What to do once there is a picture to do it with. */
  #wish: { readonly wallUs: number; readonly playing: boolean } | null = null;
  /** Whether the tile waits for somebody to ask, instead of showing a picture. */
  #offers = false;

  constructor(ports: RecordedPorts) {
    this.#ports = ports;
  }

  get grantId(): string | null {
    return this.#release?.permit.grant.id ?? null;
  }

  /** What the picture in sight was permitted by. */
  get permit(): Permit | null {
    return this.#release?.permit ?? null;
  }

  /** What is open; null when nothing is. */
  get released(): Range | null {
    const grant = this.#release?.permit.grant;
    return grant ? { fromUs: grant.from_us, untilUs: grant.range_until_us ?? grant.from_us } : null;
  }

  /** Whether `wallUs` lies outside of what is open and may be had by asking once. */
  lacks(wallUs: number, { opensFromUs, nowUs }: { readonly opensFromUs: number | null; readonly nowUs: number }): boolean {
    if (this.#asked !== 'open') return this.#asked === 'never';
    const { fromUs, untilUs } = this.released ?? { fromUs: 0, untilUs: 0 };
    const before = wallUs < fromUs && opensFromUs !== null && fromUs - opensFromUs > STALE_US;
    return before || (wallUs >= untilUs && nowUs - untilUs > STALE_US);
  }

  /** Whether a covered picture of `wallUs` would be there sooner if another range began at it. */
  isFarAhead(wallUs: number): boolean {
    if (!this.preparing || this.grant?.rendition !== 'redacted') return false;
    return wallUs > (this.#view?.timeline.untilUs || this.grant.from_us) + FAR_US;
  }

  /** Stands at `wallUs` without a picture until somebody asks for it. */
  offer(wallUs: number): void {
    this.pause();
    this.#wish = { wallUs, playing: false };
    this.#offers = true;
    this.state = { kind: 'to-ask', open: this.released };
  }

  /** Asks for a range. Resolves when it is open, refused or overtaken. */
  async open(stream: Stream, range: Range): Promise<void> {
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const extends_ = this.#view !== null && !this.#offers;
    this.#stream = stream;
    this.#offers = false;
    if (!extends_) this.state = { kind: 'asking' };
    this.#asked = 'asking';
    let answer = await this.#ports.ask(stream, range, signal);
    if (answer.outcome === 'pending' && !signal.aborted) {
      if (!extends_) this.state = { kind: 'pending', answerByUs: answer.answerByUs };
      answer = await answer.settled;
    }
    if (signal.aborted) return;
    if (answer.outcome === 'permit') return this.#list(answer, signal);
    this.#asked = 'refused';
    if (extends_) return;
    this.state =
      answer.outcome === 'deny'
        ? { kind: 'denied', reason: answer.reason, explanation: answer.explanation }
        : { kind: 'failed', code: answer.outcome === 'failed' ? answer.code : 'malformed' };
  }

  /** Asks for another rendition; what is shown stays until that picture is there, or for good. */
  async change(ask: (stream: Stream, signal: AbortSignal) => Promise<Asking>): Promise<void> {
    const permit = await this.beside.ask((signal) => ask(this.#stream, signal));
    if (permit !== null) await this.show(permit);
  }

  /** Shows what was permitted; the picture in sight stays until that one is there. */
  async show(permit: Permit): Promise<void> {
    this.#abort.abort();
    this.#abort = new AbortController();
    await this.#list(permit, this.#abort.signal);
  }

  attach(canvas: HTMLCanvasElement): () => void {
    this.#canvas = canvas;
    void this.#watch();
    return () => {
      if (this.#canvas !== canvas) return;
      this.#canvas = null;
      this.#leave();
    };
  }

  /** Shows the picture of an instant; resolves when it is drawn or something later is wanted. */
  async seek(wallUs: number): Promise<void> {
    this.#wish = { wallUs, playing: false };
    this.#offers = false;
    await this.#view?.session.seek(wallUs);
  }

  async step(by: 1 | -1): Promise<void> {
    if (this.#offers || this.#view === null) return;
    const { session } = this.#view;
    await session.step(by);
    if (session.wallUs !== null) this.#wish = { wallUs: session.wallUs, playing: false };
  }

  /** Keeps the picture in sight, also where a later one was wanted that is not made yet. */
  stay(): void {
    if (this.state.kind === 'recorded') this.#wish = { wallUs: this.state.wallUs, playing: false };
  }

  play(): void {
    if (this.#offers) return;
    this.#wish = this.#wish && { ...this.#wish, playing: true };
    this.#view?.session.play();
  }

  pause(): void {
    this.#wish = this.#wish && { ...this.#wish, playing: false };
    this.#view?.session.pause();
  }

  ended(reason: string): void {
    this.close();
    this.#asked = 'refused';
    this.state = { kind: 'ended', reason };
  }

  close(): void {
    this.#abort.abort();
    this.#looking.abort();
    this.beside.leave();
    this.preparing = false;
    this.#release = null;
    this.#leave();
  }

  #leave(): void {
    this.#turn += 1;
    this.#view?.stop();
    this.#view = null;
    this.shown = null;
  }

  async #list(permit: Permit, signal: AbortSignal): Promise<void> {
    // The site leaves what it made for this tile before.
    this.#looking.abort();
    this.stopped = null;
    const { rendition, from_us: fromUs, range_until_us } = permit.grant;
    const untilUs = range_until_us ?? fromUs;
    // What is in sight gives way to the wanted instant only; nothing, to the first picture.
    const soonUs = this.#view === null || this.#wish === null ? fromUs : Math.max(fromUs, this.#wish.wallUs);
    const firstUs = rendition === 'clear' ? untilUs : Math.min(untilUs, soonUs + SOON_US);
    if (rendition !== 'clear' && this.#view === null) this.state = { kind: 'preparing' };
    let answer = await this.#ports.recordings(permit.grant.id, { fromUs, untilUs: firstUs });
    // A picture in sight stays until the one that is wanted has been made.
    while (answer.outcome === 'ok' && isMaking(answer.value) && this.#view !== null && !signal.aborted) {
      await this.#ports.pause(LOOK_EVERY_MS, signal);
      answer = await this.#ports.recordings(permit.grant.id, { fromUs, untilUs: firstUs });
    }
    if (signal.aborted) return;
    if (answer.outcome !== 'ok') {
      this.#asked = 'refused';
      this.state =
        answer.outcome === 'denied'
          ? { kind: 'denied', reason: answer.denial.reason, explanation: answer.denial.sentence }
          : { kind: 'failed', code: 'unreachable' };
      return;
    }
    this.#asked = 'open';
    this.stopped = unmadeWhy(answer.value);
    this.preparing = this.stopped === null && (isMaking(answer.value) || firstUs < untilUs);
    this.#release = { permit, recordings: answer.value };
    this.grant = permit.grant;
    await this.#watch();
    if (this.preparing && !signal.aborted) void this.#lookForMore(permit, { fromUs, untilUs });
  }

  /** What the site goes on making joins what is there, step by step, until all of it is. */
  async #lookForMore(permit: Permit, { fromUs, untilUs }: Range): Promise<void> {
    const { signal } = (this.#looking = new AbortController());
    let nextUs = Math.min(untilUs, fromUs + STEP_US);
    while (!signal.aborted) {
      const answer = await this.#ports.recordings(permit.grant.id, { fromUs, untilUs: nextUs });
      if (signal.aborted) return;
      if (answer.outcome === 'denied') return void (this.preparing = false);
      if (answer.outcome === 'ok') {
        this.#release = { permit, recordings: answer.value };
        const [waits, stopped] = [isMaking(answer.value), unmadeWhy(answer.value)];
        const over = stopped !== null || (!waits && nextUs >= untilUs);
        const madeUs = await this.#grow(answer.value, !over);
        if (signal.aborted) return;
        if (over) return this.#made(stopped);
        // Where nothing was recorded for a while, no step would be the next.
        nextUs = madeUs === null && !waits ? untilUs : Math.min(untilUs, (madeUs ?? nextUs) + STEP_US);
        if (!waits) continue;
      }
      await this.#ports.pause(LOOK_EVERY_MS, signal);
    }
  }

  /** Takes a later list; resolves with the end of what there is when that has grown, null otherwise. */
  async #grow(recordings: unknown, growing: boolean): Promise<number | null> {
    const [view, wish] = [this.#view, this.#wish];
    if (view === null) return null;
    const waits = this.state.kind === 'preparing' || (this.state.kind === 'recorded' && this.state.gap);
    const grew = await view.extend(recordings, growing);
    if (view !== this.#view) return null;
    this.spans = view.timeline.spans;
    if (grew && waits && wish !== null && wish === this.#wish) await this.#resume(view);
    return grew ? view.timeline.untilUs : null;
  }

  /** Nothing will be added any more, for the reason `stopped` where that is not all. */
  #made(stopped: string | null): void {
    this.preparing = false;
    this.stopped = stopped;
    if (this.state.kind === 'preparing') this.state = nothing(stopped);
  }

  async #watch(): Promise<void> {
    const [canvas, release] = [this.#canvas, this.#release];
    if (canvas === null || release === null) return;
    const { permit, recordings } = release;
    const { node, grant, keys } = permit;
    if (keys.view !== 'recorded') return;
    const turn = (this.#turn += 1);
    const before = this.#view;
    const playing = this.state.kind === 'recorded' && this.state.playing;
    const at = before?.session.wallUs;
    if (at != null && playing) this.#wish = { wallUs: at, playing };
    try {
      const view = await watchRecorded({
        node,
        grant,
        keys: keys.recorded,
        canvas,
        recordings,
        growing: this.preparing,
        fetchBytes: this.#ports.fetchBytes(grant.id),
        onState: (state) => {
          if (turn !== this.#turn || this.#offers) return;
          this.state = this.#stateOf(state);
          this.authentic = state.authentic;
          this.shown = state.tracks && { grant, tracks: state.tracks };
        },
      });
      if (turn !== this.#turn) return view.stop();
      before?.session.close();
      this.#view = view;
      this.spans = view.timeline.spans;
      await this.#resume(view);
    } catch {
      if (turn === this.#turn) this.state = { kind: 'failed', code: 'malformed' };
    }
  }

  #stateOf(state: RecordedState): TileState {
    if (state.phase !== 'empty') return fromRecorded(state);
    return this.preparing ? { kind: 'preparing' } : nothing(this.stopped);
  }

  async #resume(view: RecordedView): Promise<void> {
    const wish = this.#wish;
    if (wish === null || view.timeline.groups.length === 0) return;
    await view.session.seek(wish.wallUs);
    if (wish.playing && this.#view === view) view.session.play();
  }
}

function nothing(stopped: string | null): TileState {
  return stopped === null ? { kind: 'empty' } : { kind: 'failed', code: stopped };
}

/** One camera's recordings: asks for a range, and for more of it as time goes on. */

import type { Answer } from '$lib/api';
import type { FetchBytes } from '$lib/player/group-source';
import { watchRecorded, type RecordedView } from '$lib/player/recorded-view';
import { fromRecorded, type TileState } from '$lib/player/tile-state';
import type { Span } from '$lib/player/timeline';
import type { Grant, Stream } from '$lib/secure/statements';
import type { Asking, Permit } from './asking';

export interface Range {
  readonly fromUs: number;
  readonly untilUs: number;
}

export interface RecordedPorts {
  readonly ask: (stream: Stream, range: Range, signal: AbortSignal) => Promise<Asking>;
  readonly recordings: (grant: string, range: Range) => Promise<Answer<unknown>>;
  readonly fetchBytes: (grant: string) => FetchBytes;
}

/** What is open may lag so far behind now before more of it is asked for. */
export const STALE_US = 2_000_000;

export class RecordedChannel {
  state = $state.raw<TileState>({ kind: 'asking' });
  grant = $state.raw<Grant | null>(null);
  authentic = $state.raw<'unknown' | 'yes' | 'no'>('unknown');
  /** What was released and can be shown. */
  spans = $state.raw<readonly Span[]>([]);

  readonly #ports: RecordedPorts;
  #canvas: HTMLCanvasElement | null = null;
  #release: { readonly permit: Permit; readonly recordings: unknown } | null = null;
  #view: RecordedView | null = null;
  #abort = new AbortController();
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

  /** Exclusive end of what is open; 0 when nothing is. */
  get untilUs(): number {
    return this.#release?.permit.grant.range_until_us ?? 0;
  }

  /** Whether `wallUs` lies beyond what is open and may be had by asking once. */
  lacks(wallUs: number, nowUs: number): boolean {
    if (this.#asked !== 'open') return this.#asked === 'never';
    return wallUs >= this.untilUs && nowUs - this.untilUs > STALE_US;
  }

  /** Stands at `wallUs` without a picture until somebody asks for it. */
  offer(wallUs: number): void {
    this.pause();
    this.#wish = { wallUs, playing: false };
    this.#offers = true;
    this.state = { kind: 'to-ask', openUntilUs: this.#release && this.untilUs };
  }

  /** Asks for a range. Resolves when it is open, refused or overtaken. */
  async open(stream: Stream, range: Range): Promise<void> {
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const extends_ = this.#view !== null && !this.#offers;
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
    this.#release = null;
    this.#leave();
  }

  #leave(): void {
    this.#turn += 1;
    this.#view?.stop();
    this.#view = null;
  }

  async #list(permit: Permit, signal: AbortSignal): Promise<void> {
    const { from_us: fromUs, range_until_us: untilUs } = permit.grant;
    const answer = await this.#ports.recordings(permit.grant.id, { fromUs, untilUs: untilUs ?? fromUs });
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
    this.#release = { permit, recordings: answer.value };
    this.grant = permit.grant;
    await this.#watch();
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
        fetchBytes: this.#ports.fetchBytes(grant.id),
        onState: (state) => {
          if (turn !== this.#turn || this.#offers) return;
          this.state = fromRecorded(state);
          this.authentic = state.authentic;
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

  async #resume(view: RecordedView): Promise<void> {
    const wish = this.#wish;
    if (wish === null || view.timeline.groups.length === 0) return;
    await view.session.seek(wish.wallUs);
    if (wish.playing && this.#view === view) view.session.play();
  }
}

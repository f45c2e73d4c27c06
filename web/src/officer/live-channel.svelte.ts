/** One camera live: asks, waits, opens, and changes stream without losing the picture. */

import type { LiveState, LiveTracks, Redaction } from '$lib/player/live-session';
import { watchLive, type LiveView } from '$lib/player/live-view';
import { fromLive, type TileState } from '$lib/player/tile-state';
import type { Grant, Stream } from '$lib/secure/statements';
import type { Asking, Permit } from './asking';
import { Beside } from './beside.svelte';

/** Who is where in the picture in sight, and the grant that it belongs to. */
export interface LiveShown {
  readonly grant: Grant;
  readonly tracks: LiveTracks;
}

/** What has ended while another picture took its place. */
export interface Lost {
  readonly grant: Grant;
  readonly reason: string;
}

export interface LivePorts {
  /** Asks the node for this camera in one of its streams. */
  readonly ask: (stream: Stream, signal: AbortSignal) => Promise<Asking>;
  /** Where a grant is watched, and with which token. */
  readonly socket: (grant: string) => { readonly address: string; readonly token: string };
  /** Wall clock, microseconds. */
  readonly nowUs: () => number;
}

export class LiveChannel {
  state = $state.raw<TileState>({ kind: 'asking' });
  grant = $state.raw<Grant | null>(null);
  authentic = $state.raw<'unknown' | 'yes' | 'no'>('unknown');
  /** When access ends as things stand, by the node's newest signed word; null before there is one. */
  closesUs = $state.raw<number | null>(null);
  /** The stream that is shown, or asked for as long as there is none. */
  stream = $state.raw<Stream>('sub');
  /** How much is covered, and why, by the node's newest signed word; null for clear pictures. */
  redaction = $state.raw<Redaction | null>(null);
  /** Of the redacted picture in sight; null while there is none, or it does not say. */
  shown = $state.raw<LiveShown | null>(null);
  /** The picture that gave way by itself to the one behind it; null once another was opened. */
  lost = $state.raw<Lost | null>(null);
  /** Another rendition that is asked for while this picture stays. */
  readonly beside = new Beside();

  readonly #ports: LivePorts;
  #canvas: HTMLCanvasElement | null = null;
  #release: Permit | null = null;
  /** What comes back in sight when the present picture ends. */
  #behind: Permit | null = null;
  #view: LiveView | null = null;
  #abort = new AbortController();
  /** Counts what was started; states of what has been replaced are passed over. */
  #turn = 0;

  constructor(ports: LivePorts) {
    this.#ports = ports;
  }

  get grantId(): string | null {
    return this.#release?.grant.id ?? null;
  }

  /** Whether another picture comes back in sight when this one ends. */
  get covers(): boolean {
    return this.#behind !== null;
  }

  /** Asks anew; whatever was open stays until the new picture is there. */
  async ask(stream: Stream): Promise<void> {
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const replaces = this.#isShown();
    if (!replaces) {
      this.state = { kind: 'asking' };
      this.stream = stream;
    }
    let answer = await this.#ports.ask(stream, signal);
    if (answer.outcome === 'pending' && !signal.aborted) {
      if (!replaces) this.state = { kind: 'pending', answerByUs: answer.answerByUs };
      answer = await answer.settled;
    }
    if (signal.aborted) return;
    if (answer.outcome === 'permit') return this.#open(answer, answer.grant.stream);
    // A larger picture that is not to be had leaves the smaller one.
    if (replaces) return;
    this.state =
      answer.outcome === 'deny'
        ? { kind: 'denied', reason: answer.reason, explanation: answer.explanation }
        : { kind: 'failed', code: answer.outcome === 'failed' ? answer.code : 'malformed' };
  }

  /** Asks for another rendition; what is shown stays until that picture is there, or for good. */
  async change(ask: (stream: Stream, signal: AbortSignal) => Promise<Asking>): Promise<void> {
    const permit = await this.beside.ask((signal) => ask(this.stream, signal));
    if (permit === null) return;
    this.#show(permit);
  }

  /** Shows what was permitted, and what is in sight now again once that ends. */
  showBefore(permit: Permit): void {
    const behind = this.#behind ?? this.#release;
    this.#show(permit);
    this.#behind = behind;
  }

  /** Shows again what `showBefore` has hidden; nobody is asked for that. */
  showBehind(): void {
    if (this.#behind !== null) this.#show(this.#behind);
  }

  /** The canvas to draw on; the returned function ends drawing, not the grant. */
  attach(canvas: HTMLCanvasElement): () => void {
    this.#canvas = canvas;
    if (this.#release) this.#watch(this.#release, this.stream);
    return () => {
      if (this.#canvas !== canvas) return;
      this.#canvas = null;
      this.#leave();
    };
  }

  /** The node's end reached us by another way than the picture's own socket. */
  ended(reason: string): void {
    if (this.#fallBack(reason)) return;
    this.#release = null;
    this.#leave();
    this.state = { kind: 'ended', reason };
  }

  close(): void {
    this.#abort.abort();
    this.beside.leave();
    [this.#release, this.#behind] = [null, null];
    this.#leave();
  }

  #isShown(): boolean {
    return this.#release !== null && ['checking', 'live', 'not-live', 'connecting'].includes(this.state.kind);
  }

  #leave(): void {
    this.#turn += 1;
    this.#view?.stop();
    this.#view = null;
    this.shown = null;
  }

  #show(permit: Permit): void {
    // Whatever else is on its way would take its place again.
    this.#abort.abort();
    this.#open(permit, permit.grant.stream);
  }

  /** What was behind the picture that has ended comes in sight; false where nothing was. */
  #fallBack(reason: string): boolean {
    const [behind, ended] = [this.#behind, this.#release?.grant];
    if (behind === null || ended === undefined) return false;
    this.#leave();
    this.#show(behind);
    this.lost = { grant: ended, reason };
    return true;
  }

  #open(release: Permit, stream: Stream): void {
    this.#release = release;
    [this.#behind, this.lost] = [null, null];
    if (this.#canvas) this.#watch(release, stream);
    else [this.state, this.grant, this.stream] = [{ kind: 'connecting' }, release.grant, stream];
  }

  #watch(release: Permit, stream: Stream): void {
    const { keys, grant, node } = release;
    const canvas = this.#canvas;
    if (keys.view !== 'live' || canvas === null) return;
    const turn = (this.#turn += 1);
    const before = this.#view;
    this.#view = null;
    if (before === null) [this.state, this.grant, this.stream] = [{ kind: 'connecting' }, grant, stream];
    let shown = before === null;
    const onState = (state: LiveState): void => {
      if (turn !== this.#turn) return;
      // Two pictures of one camera: the old one stays until the new one is there.
      if (!shown && state.pictures === 0 && state.phase === 'connecting') return;
      if (!shown) {
        shown = true;
        before?.stop('picture');
        [this.grant, this.stream] = [grant, stream];
      }
      this.state = fromLive(state);
      this.authentic = state.authentic;
      this.closesUs = state.closesUs;
      this.redaction = state.redaction;
      this.shown = state.tracks && { grant, tracks: state.tracks };
      if (state.phase === 'ended' && !this.#fallBack(state.reason)) this.#release = null;
    };
    const { address, token } = this.#ports.socket(grant.id);
    void watchLive({ node, grant, keys, canvas, address, token, onState, wallUs: this.#ports.nowUs }).then((view) => {
      if (turn === this.#turn) this.#view = view;
      else view.stop();
    });
  }
}

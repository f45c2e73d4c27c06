/** Asking to see one covered person or vehicle of a live picture; the covered picture stays meanwhile, and comes back. */

import type { Opening } from '$lib/hub/openings';
import type { OneState } from '$lib/player/OnePerson.svelte';
import { showsPicture } from '$lib/player/tile-state';
import { choicesOf, type TrackNote } from '$lib/player/track-notes';
import type { TrackKind } from '$lib/secure/rendition';
import type { Grant } from '$lib/secure/statements';
import type { Asking, Permit } from './asking';
import { Beside } from './beside.svelte';
import type { LiveChannel } from './live-channel.svelte';
import { approvalsOf, type Offer } from './unmasking.svelte';

/** One of them, as the site counts now: the segment says who counted. */
export interface LiveWish {
  readonly of: Grant;
  readonly track: number;
  readonly as: TrackKind;
  readonly seenIn: string;
  readonly reason: string;
}

export interface LiveUnmaskingPorts {
  readonly channel: LiveChannel;
  /** What lets one person be seen; null when no agreement does. */
  readonly opening: () => Opening | null;
  readonly ask: (opening: Opening, wish: LiveWish, signal: AbortSignal) => Promise<Asking>;
}

interface Chosen {
  readonly track: number;
  readonly as: TrackKind;
}

export class LiveUnmasking {
  readonly #ports: LiveUnmaskingPorts;
  readonly #beside = new Beside();
  #chosen = $state.raw<Chosen | null>(null);
  /** What was permitted and is not in sight yet. */
  #ready = $state.raw<Permit | null>(null);

  constructor(ports: LiveUnmaskingPorts) {
    this.#ports = ports;
  }

  /** Null where nobody is covered in what is in sight. */
  get offer(): Offer | null {
    const { grant, shown, state } = this.#ports.channel;
    if (!showsPicture(state.kind) || grant === null || grant.rendition === 'clear') return null;
    const isUnmasked = grant.rendition === 'unmasked' && grant.track !== undefined;
    const clear = isUnmasked ? { track: grant.track, as: grant.track_kind ?? null } : null;
    const tracks = clear === null && shown?.grant === grant ? shown.tracks : null;
    return {
      live: true,
      approvals: approvalsOf(this.#ports.opening()),
      people: tracks === null ? [] : choicesOf(tracks.notes).map((note) => ({ ...note, seenIn: tracks.segment })),
      clear,
      state: this.#state(clear !== null),
      ask: (person: TrackNote, reason: string) => void this.#ask(grant, person, reason),
      cover: () => this.#cover(),
    };
  }

  /** Whether somebody was asked for and is not in sight yet. */
  get waits(): boolean {
    return this.#chosen !== null && (this.#ready !== null || this.#beside.state?.kind === 'asking' || this.#beside.state?.kind === 'pending');
  }

  /** Shows whom it was agreed to show. */
  show(): void {
    if (this.#ready === null) return;
    this.#ports.channel.showBefore(this.#ready);
    [this.#ready, this.#chosen] = [null, null];
  }

  /** Waits for nothing any more. */
  leave(): void {
    this.#beside.leave();
    [this.#chosen, this.#ready] = [null, null];
  }

  async #ask(of: Grant, { number: track, kind: as, seenIn }: TrackNote, reason: string): Promise<void> {
    const opening = this.#ports.opening();
    if (opening === null || seenIn === undefined) return;
    [this.#chosen, this.#ready] = [{ track, as }, null];
    this.#ready = await this.#beside.ask((signal) => this.#ports.ask(opening, { of, track, as, seenIn, reason }, signal));
    // The owner took their time: whoever looks at something else by now is not torn from it.
    if (this.#ports.channel.grant === of && this.offer !== null) this.show();
  }

  /** Shows the covered picture again; nobody has to be asked for that. */
  #cover(): void {
    this.#chosen = null;
    this.#ports.channel.showBehind();
  }

  #state(isClear: boolean): OneState | null {
    const { lost } = this.#ports.channel;
    if (this.#chosen !== null) {
      if (this.#ready !== null) return { kind: 'ready', ...this.#chosen };
      return this.#beside.state && { ...this.#beside.state, ...this.#chosen };
    }
    if (isClear || lost?.grant.track === undefined) return null;
    const { track, track_kind: as } = lost.grant;
    return { kind: 'denied', track, as: as ?? null, reason: lost.reason, explanation: '' };
  }
}

/** Asking to see one covered person or vehicle of a recorded range; the covered picture stays meanwhile. */

import type { Opening } from '$lib/hub/openings';
import type { OnePerson, OneState } from '$lib/player/OnePerson.svelte';
import { choicesOf, type TrackNote } from '$lib/player/track-notes';
import type { TrackKind } from '$lib/secure/rendition';
import type { Grant } from '$lib/secure/statements';
import type { Asking, Permit } from './asking';
import { Beside } from './beside.svelte';
import type { RecordedChannel } from './recorded-channel.svelte';

/** One of them, named in the very range that a grant has opened: in another they have another number. */
export interface OneWish {
  readonly of: Grant;
  readonly track: number;
  readonly as: TrackKind;
  readonly reason: string;
}

export interface UnmaskingPorts {
  readonly channel: RecordedChannel;
  /** What lets one person be seen; null when no agreement does. */
  readonly opening: () => Opening | null;
  readonly ask: (opening: Opening, wish: OneWish, signal: AbortSignal) => Promise<Asking>;
}

/** What can be done about one person in the picture in sight. */
export type Offer = Omit<OnePerson, 'choose' | 'show'>;

/** Who was asked for last, and the picture in which they were chosen. */
interface Chosen {
  readonly track: number;
  readonly as: TrackKind;
  readonly wallUs: number;
}

export class Unmasking {
  readonly #ports: UnmaskingPorts;
  readonly #beside = new Beside();
  #chosen = $state.raw<Chosen | null>(null);
  /** What was permitted and is not in sight yet. */
  #ready = $state.raw<Permit | null>(null);
  /** The site makes the range anew. */
  #making = $state(false);
  /** What covered everybody before one person became clear. */
  #covered: Permit | null = null;

  constructor(ports: UnmaskingPorts) {
    this.#ports = ports;
  }

  /** Null where nobody is covered in what is in sight. */
  get offer(): Offer | null {
    const { grant, shown, state } = this.#ports.channel;
    const isInSight = state.kind === 'recorded' || state.kind === 'seeking';
    if (!isInSight || grant === null || grant.rendition === 'clear') return null;
    const { wallUs } = state;
    const isUnmasked = grant.rendition === 'unmasked' && grant.track !== undefined;
    const clear = isUnmasked ? { track: grant.track, as: grant.track_kind ?? null } : null;
    return {
      live: false,
      approvals: approvalsOf(this.#ports.opening()),
      people: clear === null && shown?.grant === grant ? choicesOf(shown.tracks) : [],
      clear,
      state: this.#state(),
      ask: ({ number, kind }: TrackNote, reason: string) =>
        void this.#ask(grant, { track: number, as: kind, wallUs }, reason),
      cover: () => void this.#cover(),
    };
  }

  /** Shows whom it was agreed to show; resolves with the instant in which they were chosen. */
  async show(): Promise<number> {
    const [permit, { channel }] = [this.#ready, this.#ports];
    if (permit !== null) {
      if (channel.grant?.rendition === 'redacted') this.#covered = channel.permit;
      this.#ready = null;
      await this.#change(permit);
    }
    return this.#chosen?.wallUs ?? 0;
  }

  /** Waits for nothing any more. */
  leave(): void {
    this.#beside.leave();
    this.#making = false;
    [this.#chosen, this.#ready, this.#covered] = [null, null, null];
  }

  async #ask(of: Grant, chosen: Chosen, reason: string): Promise<void> {
    const opening = this.#ports.opening();
    if (opening === null) return;
    [this.#chosen, this.#ready] = [chosen, null];
    const wish = { of, track: chosen.track, as: chosen.as, reason };
    this.#ready = await this.#beside.ask((signal) => this.#ports.ask(opening, wish, signal));
    // The owner took their time: whoever looks at something else by now is not torn from it.
    if (this.#ports.channel.grant === of && this.offer !== null) await this.show();
  }

  /** Shows again what was open before; nobody has to be asked for that. */
  async #cover(): Promise<void> {
    this.#chosen = null;
    if (this.#covered !== null) await this.#change(this.#covered);
  }

  async #change(permit: Permit): Promise<void> {
    this.#making = true;
    await this.#ports.channel.show(permit);
    this.#making = false;
  }

  #state(): OneState | null {
    if (this.#chosen === null) return null;
    const { track, as } = this.#chosen;
    if (this.#making) return { kind: 'making', track, as };
    if (this.#ready !== null) return { kind: 'ready', track, as };
    return this.#beside.state && { ...this.#beside.state, track, as };
  }
}

/** By how many of the owner's people an opening is decided; 0 for an alarm, null where nothing opens. */
export function approvalsOf(found: Opening | null): number | null {
  if (found === null || found.how === 'alarm') return null;
  const { when } = found.clause;
  return when.type === 'request' ? when.approvals : 0;
}

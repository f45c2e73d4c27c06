/** Everything a tile can be, in one closed list; what pages show and tests read. */

import type { Answer } from '../secure/release';
import type { LiveState } from './live-session';
import type { RecordedState } from './recorded-session';

export type TileState =
  /** The question is on its way to the node. */
  | { readonly kind: 'asking' }
  /** The owner has to be asked first, and only when somebody wants that; `open` is what they said yes to. */
  | { readonly kind: 'to-ask'; readonly open: { readonly fromUs: number; readonly untilUs: number } | null }
  /** The owner has to say yes; refused by itself at `answerByUs`. */
  | { readonly kind: 'pending'; readonly answerByUs: number | null }
  | { readonly kind: 'denied'; readonly reason: string; readonly explanation: string }
  /** Nothing that can be shown came back: `code` of a refusal, `unreachable` or `no-picture`. */
  | { readonly kind: 'failed'; readonly code: string }
  | { readonly kind: 'connecting' }
  | { readonly kind: 'checking' }
  | { readonly kind: 'live'; readonly ageMs: number }
  | { readonly kind: 'not-live'; readonly ageMs: number }
  | { readonly kind: 'seeking'; readonly wallUs: number }
  | { readonly kind: 'recorded'; readonly wallUs: number; readonly playing: boolean; readonly gap: boolean }
  /** The site covers people before it sends a picture; the wanted one is not there yet. */
  | { readonly kind: 'preparing' }
  /** Nothing was recorded, or nothing of it was released. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'cannot-play'; readonly family: 'h264' | 'h265' }
  | { readonly kind: 'ended'; readonly reason: string };

export type TileKind = TileState['kind'];

/** Whether a picture stays in sight in this state; elsewhere words take its place. */
export function showsPicture(kind: TileKind): boolean {
  return ['checking', 'live', 'not-live', 'seeking', 'recorded'].includes(kind);
}

export function fromAnswer(answer: Answer): TileState {
  switch (answer.outcome) {
    case 'permit':
      return { kind: 'connecting' };
    case 'pending':
      return { kind: 'pending', answerByUs: answer.answerByUs };
    case 'deny':
      return { kind: 'denied', reason: answer.reason, explanation: answer.explanation };
  }
}

export function fromLive(state: LiveState): TileState {
  switch (state.phase) {
    case 'connecting':
    case 'checking':
      return { kind: state.phase };
    case 'live':
    case 'not-live':
      return { kind: state.phase, ageMs: state.ageMs };
    case 'cannot-play':
      return { kind: 'cannot-play', family: state.family };
    case 'ended':
      return { kind: 'ended', reason: state.reason };
  }
}

export function fromRecorded(state: RecordedState): TileState {
  switch (state.phase) {
    case 'empty':
      return { kind: 'empty' };
    case 'seeking':
      return { kind: 'seeking', wallUs: state.wallUs };
    case 'paused':
    case 'playing':
      return { kind: 'recorded', wallUs: state.wallUs, playing: state.phase === 'playing', gap: state.gap };
    case 'cannot-play':
      return { kind: 'cannot-play', family: state.family };
    case 'failed':
      return { kind: 'failed', code: state.why };
  }
}

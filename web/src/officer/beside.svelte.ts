/** Asking for another rendition while the present one stays in sight. */

import type { Asking, Permit } from './asking';

export type BesideState =
  | { readonly kind: 'asking' }
  /** The owner has to say yes; refused by itself at `answerByUs`. */
  | { readonly kind: 'pending'; readonly answerByUs: number | null }
  | { readonly kind: 'denied'; readonly reason: string; readonly explanation: string }
  | { readonly kind: 'failed'; readonly code: string };

export class Beside {
  /** How asking stands; null when nobody asks, or what was asked for is there. */
  state = $state.raw<BesideState | null>(null);
  #abort = new AbortController();

  /** Resolves with what was permitted; null when it was refused, overtaken or left. */
  async ask(asking: (signal: AbortSignal) => Promise<Asking>): Promise<Permit | null> {
    this.leave();
    const { signal } = (this.#abort = new AbortController());
    this.state = { kind: 'asking' };
    let answer = await asking(signal);
    if (answer.outcome === 'pending' && !signal.aborted) {
      this.state = { kind: 'pending', answerByUs: answer.answerByUs };
      answer = await answer.settled;
    }
    if (signal.aborted) return null;
    this.state = besideOf(answer);
    return answer.outcome === 'permit' ? answer : null;
  }

  /** Waits for nothing any more. */
  leave(): void {
    this.#abort.abort();
    this.state = null;
  }
}

function besideOf(answer: Asking): BesideState | null {
  switch (answer.outcome) {
    case 'permit':
      return null;
    case 'deny':
      return { kind: 'denied', reason: answer.reason, explanation: answer.explanation };
    default:
      return { kind: 'failed', code: answer.outcome === 'failed' ? answer.code : 'malformed' };
  }
}

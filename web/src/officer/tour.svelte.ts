/** A newcomer's tour: steps that advance by what really happens. */

import type { Board } from './board.svelte';
import type { Desk } from './desk.svelte';

export const STEPS = ['enrol', 'raise', 'watch', 'back', 'clear', 'looked', 'covered'] as const;
export type Step = (typeof STEPS)[number];

const NOTE = 'handfast.tour';

export class Tour {
  shown = $state(false);
  step = $state<Step>('enrol');

  readonly #notes: Pick<Storage, 'getItem' | 'setItem'>;

  /** `offered`: shown without being asked for, until it was dismissed once. */
  constructor(notes: Pick<Storage, 'getItem' | 'setItem'>, offered: boolean) {
    this.#notes = notes;
    this.shown = offered && notes.getItem(NOTE) !== 'dismissed';
  }

  get number(): number {
    return STEPS.indexOf(this.step) + 1;
  }

  restart(): void {
    this.step = 'enrol';
    this.shown = true;
  }

  dismiss(): void {
    this.shown = false;
    this.#notes.setItem(NOTE, 'dismissed');
  }

  /** To the next step; after the last one the tour is over. */
  next(): void {
    const next = STEPS[STEPS.indexOf(this.step) + 1];
    if (next) this.step = next;
    else this.dismiss();
  }

  /** Goes on as far as things have happened. */
  follow(board: Board, desk: Desk | null): void {
    while (this.shown && done(this.step, board, desk)) this.next();
  }
}

function done(step: Step, board: Board, desk: Desk | null): boolean {
  const tiles = desk?.wall.tiles ?? [];
  switch (step) {
    case 'enrol':
      return board.viewer !== null;
    case 'raise':
      return (
        tiles.length > 0 ||
        (board.incidents.state === 'ready' &&
          board.incidents.value.some(({ signals }) => signals.some(({ cleared }) => cleared === null)))
      );
    case 'watch':
      return tiles.some(({ live }) => live.state.kind === 'live');
    case 'back':
      return tiles.some(({ recorded }) => recorded.state.kind === 'recorded');
    case 'clear':
      return tiles.some(({ live, recorded }) => live.state.kind === 'ended' || recorded.state.kind === 'ended');
    case 'looked':
    case 'covered':
      return false;
  }
}

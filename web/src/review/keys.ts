/** The page without a mouse. What is listed here is what the help shows and what keys do. */
import type { Review } from './review.svelte';

/** Shares of the picture that one press moves a box. */
const STEP = 0.01;

export interface Around {
  help(): void;
  approve(): void;
}

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Does what a key stands for; false when it stands for nothing here. */
export function reviewKey(event: KeyboardEvent, review: Review, around: Around): boolean {
  const on = event.target instanceof Element ? event.target : null;
  if (event.altKey || on?.closest('dialog, input:not([type=checkbox]), select, textarea')) return false;
  // A button has keys of its own.
  if (on?.closest('button, a, input') && [' ', 'Enter'].includes(event.key)) return false;
  if (event.ctrlKey || event.metaKey) return withControl(event, review);
  const arrow = ARROWS[event.key];
  if (arrow) return event.shiftKey ? nudge(review, arrow, false) : walk(review, arrow);
  return plain(event, review, around);
}

function withControl(event: KeyboardEvent, review: Review): boolean {
  const key = event.key.toLowerCase();
  const arrow = ARROWS[event.key];
  if (arrow && event.shiftKey) return nudge(review, arrow, true);
  if (key === 'z' && !event.shiftKey) review.undo();
  else if (key === 'y' || key === 'z') review.redo();
  else return false;
  return true;
}

function nudge(review: Review, [across, down]: readonly [number, number], size: boolean): boolean {
  if (!review.box) return false;
  review.nudge(across * STEP, down * STEP, size);
  return true;
}

function walk(review: Review, [across, down]: readonly [number, number]): boolean {
  if (across) review.step(across);
  else chooseNext(review, down);
  return true;
}

/** Up and down through the boxes and then the tracks of this picture. */
function chooseNext(review: Review, by: number): void {
  const { edits, film, number, chosen } = review;
  const all = [
    ...edits.boxes.map(({ id }) => ({ what: 'box' as const, id })),
    ...film.tracks
      .filter(({ first, last }) => first <= number && number <= last)
      .map(({ track }) => ({ what: 'track' as const, id: track })),
  ];
  const at = all.findIndex(({ what, id }) => what === chosen?.what && id === chosen.id);
  const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by;
  if (all[next]) review.choose(all[next]);
}

function plain(event: KeyboardEvent, review: Review, around: Around): boolean {
  const does: Readonly<Record<string, () => void>> = {
    ' ': () => review.toggle(),
    j: () => review.faster(-1),
    k: () => review.play(0),
    l: () => review.faster(1),
    ',': () => review.step(-Math.round(review.film.rate)),
    '.': () => review.step(Math.round(review.film.rate)),
    home: () => review.go(0),
    end: () => review.go(review.last),
    m: () => review.toMark(event.shiftKey ? -1 : 1),
    e: () => (review.exported = !review.exported),
    n: () => review.add(),
    enter: () => review.keyframe(),
    backspace: () => review.dropKeyframe(),
    i: () => review.startHere(),
    o: () => review.endHere(),
    delete: () => review.remove(),
    c: () => review.track && review.setClear(review.track, !review.isClear(review.track.track)),
    escape: () => review.choose(null),
    a: () => around.approve(),
    '?': () => around.help(),
  };
  const act = does[event.key.toLowerCase()];
  act?.();
  return act !== undefined;
}

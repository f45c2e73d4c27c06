import { describe, expect, it } from 'vitest';
import { ready } from '$lib/loadable';
import type { Incident } from '$lib/types';
import { Board } from './board.svelte';
import { Tour } from './tour.svelte';

function notes(): Pick<Storage, 'getItem' | 'setItem'> {
  const kept = new Map<string, string>();
  return { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => void kept.set(name, value) };
}

function incident(cleared: string | null): Incident {
  return {
    id: 'i1', kind: 'intrusion', title: '', place: '', at: [24.94, 60.17], radius: 100, opened: '2026-03-04T12:00:00Z', openedBy: 'signal',
    ends: null, closed: null, caseNumber: null,
    signals: [{ id: 'e', site: 's', kind: 'intrusion', raised: '2026-03-04T12:00:00Z', expires: '2026-03-04T12:05:00Z', cleared }],
  };
}

describe('the tour', () => {
  it('is offered where there is one, until it was left', () => {
    const kept = notes();
    expect(new Tour(kept, false).shown).toBe(false);
    const tour = new Tour(kept, true);
    expect(tour.shown).toBe(true);
    tour.dismiss();
    expect(new Tour(kept, true).shown).toBe(false);
  });

  it('goes on when the browser is a person’s, and when an alarm is really up', () => {
    const tour = new Tour(notes(), true);
    const board = new Board();
    tour.follow(board, null);
    expect(tour.step).toBe('enrol');
    board.viewer = { id: 'p', name: 'Aino', agency: 'Police', role: 'officer' };
    board.incidents = ready([incident('2026-03-04T12:01:00Z')]);
    tour.follow(board, null);
    expect(tour.step).toBe('raise');
    board.incidents = ready([incident(null)]);
    tour.follow(board, null);
    expect(tour.step).toBe('watch');
  });

  it('can be walked by hand, left, and begun again', () => {
    const tour = new Tour(notes(), true);
    for (let step = 0; step < 6; step += 1) tour.next();
    expect(tour.number).toBe(7);
    tour.next();
    expect(tour.shown).toBe(false);
    tour.restart();
    expect([tour.shown, tour.step]).toEqual([true, 'enrol']);
  });
});

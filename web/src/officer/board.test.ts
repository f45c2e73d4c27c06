import { describe, expect, it } from 'vitest';
import { ready } from '$lib/loadable';
import { away } from '$lib/map/geometry';
import type { Camera, CameraState, Incident, LonLat } from '$lib/types';
import { Board, RADIUS } from './board.svelte';
import { readPlaces, search } from './places';

const SPOT: LonLat = [24.944, 60.17];

/** A camera `metres` north of the spot, looking at it or away from it. */
function camera(id: string, metres: number, state: CameraState, looks: 'at' | 'away'): Camera {
  return {
    id,
    name: `Gate ${id}`,
    site: 's',
    owner: 'Kåren School',
    at: away(SPOT, 0, metres),
    heading: looks === 'at' ? 180 : 0,
    angle: 60,
    range: 200,
    state,
  };
}

const incident: Incident = {
  id: 'i1',
  kind: 'intrusion',
  title: 'Intrusion',
  place: 'School',
  at: SPOT,
  radius: 5000,
  opened: '2026-03-04T12:00:00Z',
  openedBy: 'signal',
  ends: null,
  closed: null,
  caseNumber: null,
  signals: [],
};

function board(): Board {
  const made = new Board();
  made.cameras = ready([
    camera('1', 20, 'shared', 'at'),
    camera('2', 60, 'request', 'away'),
    camera('3', 150, 'alarm', 'at'),
    camera('4', 400, 'shared', 'at'),
  ]);
  made.incidents = ready([incident]);
  return made;
}

describe('the board', () => {
  it('looks nowhere until a place is picked', () => {
    const made = board();
    expect(made.near).toEqual([]);
    expect(made.chosen.size).toBe(0);
  });

  it('counts cameras by what can be done with them', () => {
    const made = board();
    made.pickPlace(SPOT);
    expect(made.counts).toEqual({ shared: 1, request: 1, alarm: 1, offline: 0 });
    made.widen(400);
    expect(made.counts.shared).toBe(2);
  });

  it('keeps only cameras that see the spot when asked, and still knows how many were near', () => {
    const made = board();
    made.pickPlace(SPOT);
    made.onlySeeing = true;
    expect(made.near.map(({ camera: found }) => found.id)).toEqual(['1', '3']);
    expect(made.within).toHaveLength(3);
  });

  it('keeps the radius within what the slider can show', () => {
    const made = board();
    expect(made.pickIncident('i1')).toBe(true);
    expect(made.radius).toBe(RADIUS.most);
    made.widen(-10_000);
    expect(made.radius).toBe(RADIUS.least);
  });

  it('does not pretend to look at an incident that is gone', () => {
    const made = board();
    expect(made.pickIncident('gone')).toBe(false);
    expect(made.spot).toBeNull();
  });

  it('keeps a camera in sight that was picked by itself', () => {
    const made = board();
    made.pickPlace(SPOT);
    made.picked = '4';
    expect(made.chosen.has('4')).toBe(true);
  });
});

describe('the search', () => {
  const places = readPlaces([
    { name: 'Esplanadi', kind: 'street', at: [24.95, 60.167] },
    { name: 'Pohjoisesplanadi', kind: 'street', at: [24.95, 60.168] },
    { name: 'Törmä', kind: 'street', at: [24.95, 60.168] },
    { name: 7, kind: 'street', at: [24.95, 60.168] },
    'nonsense',
  ]);

  it('reads what is a place and leaves out what is none', () => {
    expect(places).toHaveLength(3);
    expect(() => readPlaces({})).toThrow(TypeError);
  });

  it('puts names first that begin with what was typed, and minds neither case nor accents', () => {
    const hits = search('ESPL', [], places).map((hit) => hit.kind === 'place' && hit.place.name);
    expect(hits).toEqual(['Esplanadi', 'Pohjoisesplanadi']);
    expect(search('torma', [], places)).toHaveLength(1);
  });

  it('finds cameras by their owner', () => {
    const [hit] = search('karen', [camera('1', 1, 'shared', 'at')], places);
    expect(hit).toMatchObject({ kind: 'camera', camera: { id: '1' } });
  });

  it('finds nothing for nothing', () => {
    expect(search('  ', [], places)).toEqual([]);
  });
});

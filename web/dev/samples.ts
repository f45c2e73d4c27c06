/** Invented people, places and cameras, for looking at screens; never part of the build. */
import { ready } from '$lib/loadable';
import type { Camera, CameraState, Incident, Person } from '$lib/types';
import { Board } from '../src/officer/board.svelte';

const OWNERS = ['Harbour School', 'Corner Shop', 'Tram Stops Ltd', 'North Mall', 'Old Hotel'];
const STATES: CameraState[] = ['shared', 'shared', 'request', 'request', 'request', 'alarm', 'offline'];

const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();
const ahead = (seconds: number): string => ago(-seconds);

/** A repeatable sequence in [0, 1), so that two pictures of a screen can be compared. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

export function cameras(count: number): Camera[] {
  const next = sequence(7);
  return Array.from({ length: count }, (_, index) => ({
    id: `camera-${index}`,
    name: `Entrance ${index + 1}`,
    site: `site-${index % 5}`,
    owner: OWNERS[Math.floor(next() * OWNERS.length)] ?? '',
    at: [24.9355 + next() * 0.017, 60.1645 + next() * 0.0138] as const,
    heading: Math.floor(next() * 360),
    angle: 50 + Math.floor(next() * 50),
    range: 25 + Math.floor(next() * 30),
    state: STATES[Math.floor(next() * STATES.length)] ?? 'shared',
  }));
}

const incidents: Incident[] = [
  {
    id: 'one',
    kind: 'intrusion',
    title: 'Intrusion alarm',
    place: 'Harbour School',
    at: [24.9446, 60.1702],
    radius: 180,
    opened: ago(40),
    openedBy: 'signal',
    ends: ahead(1790),
    closed: null,
    caseNumber: '2026-118204',
    signals: [],
  },
  {
    id: 'two',
    kind: 'accident',
    title: 'Person fell at the platform edge, help on the way',
    place: 'Tram Stops Ltd',
    at: [24.9412, 60.1716],
    radius: 120,
    opened: ago(800),
    openedBy: 'person',
    ends: null,
    closed: null,
    caseNumber: null,
    signals: [],
  },
];

export function board(count: number): Board {
  const made = new Board();
  made.viewer = officer;
  made.link = { state: 'open' };
  made.nodes = { connected: 2, known: 3 };
  made.cameras = ready(cameras(count));
  made.incidents = ready(incidents);
  made.pickIncident('one');
  return made;
}

const officer: Person = { id: 'p1', name: 'A. Example', agency: 'City Police', role: 'officer' };

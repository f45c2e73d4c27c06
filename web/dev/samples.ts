/** Invented people, places and cameras, for looking at screens; never part of the build. */
import { ready } from '$lib/loadable';
import type { AccessRequest, Camera, CameraState, Grant, Incident, Look, Person } from '$lib/types';
import { Agency } from '../src/admin/agency.svelte';
import { Board } from '../src/officer/board.svelte';
import { Site } from '../src/owner/site.svelte';

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

const grants: Grant[] = ['camera-1', 'camera-4', 'camera-9'].map((camera, index) => ({
  id: `grant-${index}`,
  camera,
  incident: 'one',
  view: 'live',
  rendition: index === 1 ? 'redacted' : 'clear',
  ends: ahead(50 + index * 800),
}));

export function board(count: number, open: boolean): Board {
  const made = new Board();
  made.viewer = officer;
  made.link = { state: 'open' };
  made.nodes = { connected: 2, known: 3 };
  made.cameras = ready(cameras(count));
  made.incidents = ready(incidents);
  made.pickIncident('one');
  if (open) made.grants = grants;
  return made;
}

const officer: Person = { id: 'p1', name: 'A. Example', agency: 'City Police', role: 'officer' };

const requests: AccessRequest[] = [
  {
    id: 'r1',
    incident: 'two',
    title: 'Person fell at the platform edge',
    requester: officer,
    cameras: [
      { id: 'c1', name: 'Platform' },
      { id: 'c2', name: 'Stairs' },
    ],
    view: 'live',
    rendition: 'clear',
    from: null,
    until: ahead(1800),
    asked: ago(20),
    answerBy: ahead(200),
  },
];

const looks: Look[] = [null, ago(3000)].map((ended, index) => ({
  grant: `g${index}`,
  viewer: officer,
  camera: { id: 'c1', name: 'Gate' },
  view: 'live',
  rendition: 'clear',
  incident: 'one',
  why: 'Intrusion alarm at Harbour School',
  began: ago(index === 0 ? 90 : 3400),
  ended,
  leaf: 40 - index,
}));

export function site(): Site {
  const made = new Site();
  made.cameras = ready([
    { id: 'c1', name: 'Gate', recording: true, watchers: 1 },
    { id: 'c2', name: 'Yard', recording: true, watchers: 0 },
    { id: 'c3', name: 'Back door', recording: false, watchers: 0 },
  ]);
  made.signals = ready([
    { id: 's1', site: 'site-0', kind: 'intrusion', raised: ago(60), expires: ahead(100), cleared: null },
  ]);
  made.requests = ready(requests);
  made.looks = ready(looks);
  return made;
}

const FINGERPRINT = '9f3c 1a77 20be 4d51 8e0a 6b92 c4f3 d7e8 1b25 90aa 3c6d 77f1 e842 05b9 c1d4 6e3f';

export function agency(): Agency {
  const made = new Agency();
  made.pending = ready([{ id: 'd1', person: officer, fingerprint: FINGERPRINT, asked: ago(120) }]);
  made.members = ready([{ person: officer, devices: 2 }]);
  made.device = { state: 'waiting', name: 'A. Example', fingerprint: FINGERPRINT, request: '{}' };
  return made;
}

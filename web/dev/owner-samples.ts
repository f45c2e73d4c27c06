/** Invented looks, requests and devices for the light pages; never part of the build. */
import type { WaitingDevice } from '$lib/agency/client';
import { ready } from '$lib/loadable';
import type { Asked } from '$lib/node/asked';
import type { Question, SiteNow } from '$lib/node/client';
import type { Look, Refusal } from '$lib/node/looked';
import type { OwnAgreement } from '$lib/node/own-agreements';
import { Agency } from '../src/admin/agency.svelte';
import type { PageModel } from '../src/owner/page.svelte';
import { Site } from '../src/owner/site.svelte';

const MINUTE_US = 60_000_000;
const nowUs = (): number => Date.now() * 1000;
const KEY = 'A'.repeat(43);
const ID = '01900000-0000-7000-8000-00000000000';
const FINGERPRINT = '9f3cAkl-I0OdeE7wQz1b_4mTnXyPq2RsVuWcHjKfLg8';
const envelope = { payloadType: '', payload: '', signatures: [] };

function now(): SiteNow {
  const at = nowUs();
  const camera = (number: number, name: string, state: string, reason = ''): SiteNow['cameras'][number] => {
    const id = `${ID}${number}`;
    return { id, name, watchers: number === 1 ? 1 : 0, streams: [{ camera: id, stream: 'main', state, reason }] };
  };
  return {
    node: `${ID}9`,
    name: 'Harbour School',
    now_us: at,
    hub: true,
    closed_us: null,
    cameras: [
      camera(1, 'Main entrance', 'recording'),
      camera(2, 'Yard', 'recording'),
      camera(3, 'Back door', 'offline', 'The camera does not answer; it is tried again in 20 s.'),
    ],
    signals: [
      {
        signal: 'intrusion',
        episode: `${ID}8`,
        state: 'raised',
        test: false,
        first_raised_us: at - 2 * MINUTE_US,
        cleared_us: null,
        lease_until_us: at + 3 * MINUTE_US,
        raised_by: 'panel:hall',
        reopened_us: 0,
      },
    ],
    grants: [
      {
        grant: `${ID}7`,
        name: 'A. Example',
        role: 'officer',
        agency_name: 'City Police',
        camera: `${ID}1`,
        camera_name: 'Main entrance',
        view: 'live',
        rendition: 'clear',
        purpose: 'emergency',
        incident_title: 'Intrusion alarm at Harbour School',
        since_us: at - MINUTE_US,
        ends_us: at + 8 * MINUTE_US,
        until_us: at + 100 * MINUTE_US,
      },
    ],
  };
}

function agreement(): OwnAgreement {
  const party = (id: string, name: string) => ({ id, name, root: KEY });
  return {
    hash: KEY,
    agreement: {
      suite: 1,
      agreement: `${ID}6`,
      serial: 1,
      title: 'Harbour School and City Police',
      owner: party(`${ID}5`, 'Harbour School'),
      agency: party(`${ID}4`, 'City Police'),
      node: { id: `${ID}9`, sign: KEY, log: '' },
      dispatch: KEY,
      not_before_us: 0,
      not_after_us: nowUs() * 2,
      clauses: [
        {
          id: 'intrusion',
          roles: ['officer', 'dispatcher'],
          views: ['live', 'recorded'],
          rendition: 'clear',
          cameras: null,
          purposes: ['emergency'],
          when: { type: 'signal', signal: 'intrusion', linger_s: 300, test_opens: false },
          look_back_s: 600,
          longest_s: 7200,
          needs_incident: false,
        },
        {
          id: 'look',
          roles: ['officer'],
          views: ['live'],
          rendition: 'redacted',
          cameras: null,
          purposes: ['emergency'],
          when: { type: 'request', approvals: 2, answer_within_s: 900 },
          look_back_s: 0,
          longest_s: 1800,
          needs_incident: true,
        },
      ],
      never: ['immigration-enforcement'],
    },
  };
}

function question(number: number, camera: string): Question {
  return {
    request: `request-${number}`,
    camera_name: camera,
    asked_us: nowUs() - MINUTE_US,
    answer_by_us: nowUs() + 14 * MINUTE_US,
    approvals: [],
    envelope,
    chain: [],
    incident_statement: null,
  };
}

function asked(number: number): Asked {
  return {
    request: `request-${number}`,
    person: `${ID}3`,
    name: 'A. Example',
    role: 'officer',
    agency: 'City Police',
    camera: `${ID}${number}`,
    view: 'live',
    rendition: 'clear',
    purpose: 'emergency',
    comment: '',
    incident: { title: 'Person fell at the platform edge', kind: 'accident', metres: 118, expiresUs: nowUs() + 90 * MINUTE_US },
    fromUs: null,
    untilUs: null,
    askedUs: nowUs() - MINUTE_US,
    longestS: 1800,
    approvals: 1,
    track: null,
    trackKind: null,
  };
}

const who = { name: 'A. Example', role: 'officer', agency: 'City Police', purpose: 'emergency', comment: '', proofs: [] };

function looks(): (Look | Refusal)[] {
  const title = 'Intrusion alarm at Harbour School';
  const look = { ...who, kind: 'look', title, view: 'live', rendition: 'clear', track: null, trackKind: null, range: null } as const;
  const over = { endedUs: nowUs() - 50 * MINUTE_US, endsUs: nowUs(), viewedUs: 7 * MINUTE_US };
  return [
    {
      ...look, id: '1', camera: 'Main entrance', atUs: nowUs() - MINUTE_US, endsUs: nowUs(), endedUs: null, viewedUs: null,
      reason: null, proof: { state: 'proved', index: 41, endIndex: null },
    },
    {
      ...who, kind: 'refusal', id: '2', title: '', camera: 'Yard', atUs: nowUs() - 30 * MINUTE_US,
      reason: 'signal-not-active', explanation: '', proof: { state: 'proved', index: 39, endIndex: null },
    },
    {
      ...look, ...over, id: '3', camera: 'Yard', atUs: nowUs() - 58 * MINUTE_US,
      reason: 'signal-not-active', proof: { state: 'proved', index: 12, endIndex: 31 },
    },
    {
      ...look, ...over, id: '4', camera: 'Back door', atUs: nowUs() - 59 * MINUTE_US, reason: 'owner-closed',
      proof: { state: 'broken', reason: 'the entry is not in the log' },
    },
  ];
}

/** A paired device at a school during an alarm. */
export function ownerPage(): PageModel {
  const site = new Site();
  site.now = ready(now());
  site.agreements = ready(new Map([[KEY, agreement()]]));
  site.requests = ready([
    { question: question(1, 'Platform'), asked: asked(1), distrust: '' },
    { question: question(2, 'Stairs'), asked: asked(2), distrust: '' },
    { question: question(3, 'Gate'), asked: null, distrust: 'a signature in the envelope does not hold' },
  ]);
  site.looked = ready(looks());
  site.log = { state: 'holds', size: 42, seenBefore: 38 };
  const device = {
    device: { state: 'certified', name: 'M. Example', role: 'principal', fingerprint: FINGERPRINT, untilUs: nowUs() * 1.01 },
    problem: null,
    busy: false,
    identity: null,
    own: { node: `${ID}9`, ownerRoot: KEY, log: '' },
    code: '',
    pair: () => Promise.resolve(),
    compared: () => undefined,
    compareAgain: () => undefined,
    forget: () => Promise.resolve(),
  } as const;
  const place = [24.95, 60.17] as const;
  const settings = ready({ owner: 'Harbour School', site: 'Harbour School', node: `${ID}9`, nodeKey: KEY, ownerRoot: KEY, log: '', place });
  return { settings, device, site, start: () => () => undefined, connect: () => () => undefined };
}

/** An administrator with one waiting device. */
export function agency(): Agency {
  const made = new Agency();
  const waiting: WaitingDevice = { fingerprint: FINGERPRINT, name: 'B. Example', label: 'Chrome on Android', enrolment: envelope, received_us: nowUs() };
  made.pending = ready([{ ...waiting, whole: true }]);
  const device = { fingerprint: FINGERPRINT, label: 'Firefox on Linux', issuer: '', not_after_us: nowUs() * 1.01, revoked: false };
  made.people = ready([
    { person: `${ID}3`, name: 'A. Example', role: 'officer', devices: [device, { ...device, fingerprint: KEY, revoked: true }] },
    { person: `${ID}2`, name: 'C. Example', role: 'administrator', devices: [device] },
  ]);
  made.device = { state: 'certified', name: 'C. Example', role: 'administrator', fingerprint: FINGERPRINT, untilUs: nowUs() * 1.01 };
  return made;
}

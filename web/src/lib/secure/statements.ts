/** Everything that carries authority, field by field (docs/reference/protocol.md). */

import type { Kind } from './envelope';
import { readRendition, readTrackKind } from './rendition';
import * as is from './shape';
import { suite } from './suite';

const stream = is.oneOf('main', 'sub');
const rendition = readRendition;
const view = is.oneOf('live', 'recorded');
const instant = is.count;
const fingerprint = is.key32;
const hash = is.key32;

export type Stream = is.Read<typeof stream>;
export type { Rendition } from './rendition';
export type View = is.Read<typeof view>;

function kind<T>(name: string, read: is.Reader<T>): Kind<T> {
  return { name, read };
}

export const certificate = kind(
  'certificate',
  is.exactly({
    suite,
    serial: is.count,
    kind: is.oneOf('node', 'owner-device', 'dispatch', 'administrator', 'officer-device'),
    id: is.uuid,
    organisation: is.uuid,
    name: is.text,
    role: is.text,
    sign: is.key32,
    open: is.orNull(is.key32),
    issuer: fingerprint,
    not_before_us: instant,
    not_after_us: instant,
  }),
);
export type Certificate = is.Read<typeof certificate.read>;

export const revocation = kind(
  'revocation',
  is.exactly({ suite, issuer: fingerprint, serial: is.count, revoked: is.list(fingerprint) }),
);
export type Revocation = is.Read<typeof revocation.read>;

export const login = kind(
  'login',
  is.exactly({ audience: is.text, challenge: is.b64Text, device: fingerprint, at_us: instant }),
);

/** What a new device shows to an administrator; signed by itself to show that it holds the key. */
export const enrolment = kind(
  'enrolment',
  is.exactly({ suite, label: is.text, sign: is.key32, open: is.key32, at_us: instant }),
);
export type Enrolment = is.Read<typeof enrolment.read>;

const registeredCamera = is.exactly({
  id: is.uuid,
  name: is.text,
  lon: is.real,
  lat: is.real,
  heading_deg: is.real,
  angle_deg: is.real,
  range_m: is.real,
  streams: is.list(stream),
  opens: is.list(is.oneOf('alarm', 'request')),
  view: is.list(is.tuple(is.real, is.real)),
});

export const registration = kind(
  'registration',
  is.exactly({
    node: is.uuid,
    owner: is.uuid,
    name: is.text,
    site_kind: is.text,
    lon: is.real,
    lat: is.real,
    log: is.text,
    cameras: is.list(registeredCamera),
    serial: is.count,
    at_us: instant,
  }),
);
export type Registration = is.Read<typeof registration.read>;

export const signal = kind(
  'signal',
  is.exactly({
    node: is.uuid,
    signal: is.text,
    episode: is.uuid,
    state: is.oneOf('raised', 'cleared'),
    test: is.flag,
    first_raised_us: instant,
    raised_us: instant,
    cleared_us: is.orNull(instant),
    lease_until_us: instant,
    sequence: is.count,
  }),
);
export type Signal = is.Read<typeof signal.read>;

export const incident = kind(
  'incident',
  is.exactly({
    incident: is.uuid,
    agency: is.uuid,
    kind: is.text,
    title: is.text,
    lon: is.real,
    lat: is.real,
    radius_m: is.real,
    opened_us: instant,
    expires_us: instant,
    signal: is.orNull(is.exactly({ node: is.uuid, episode: is.uuid })),
  }),
);
export type Incident = is.Read<typeof incident.read>;

export const accessRequest = kind(
  'access-request',
  is.exactly({
    request: is.uuid,
    node: is.uuid,
    agreement: hash,
    camera: is.uuid,
    stream,
    view,
    rendition,
    purpose: is.text,
    incident: is.uuid,
    from_us: is.orNull(instant),
    until_us: is.orNull(instant),
    comment: is.text,
    challenge: is.b64Text,
    device: fingerprint,
    asked_us: instant,
    track: is.optional(is.count),
    track_kind: is.optional(readTrackKind),
    seen_in: is.optional(is.id16),
  }),
);
export type AccessRequest = is.Read<typeof accessRequest.read>;

export const approval = kind(
  'approval',
  is.exactly({
    node: is.uuid,
    request: hash,
    answer: is.oneOf('approve', 'refuse'),
    until_us: instant,
    device: fingerprint,
    at_us: instant,
  }),
);

/** An owner's device raises or clears a signal by hand. */
export const ownerSwitch = kind(
  'switch',
  is.exactly({
    node: is.uuid,
    signal: is.text,
    state: is.oneOf('raise', 'clear'),
    test: is.flag,
    device: fingerprint,
    challenge: is.b64Text,
    at_us: instant,
  }),
);

export const closing = kind(
  'closing',
  is.exactly({
    node: is.uuid,
    scope: is.oneOf('all', 'grant'),
    grant: is.orNull(is.uuid),
    device: fingerprint,
    challenge: is.b64Text,
    at_us: instant,
  }),
);

/** Corners of one area, `[right, down]` in 1/10000 of the picture. */
const outline = is.list(is.tuple(is.count, is.count));
export type Outline = is.Read<typeof outline>;

/** An owner's device draws all areas of a camera anew. */
export const drawing = kind(
  'drawing',
  is.exactly({
    node: is.uuid,
    camera: is.uuid,
    replaces: is.count,
    masks: is.list(outline),
    children: is.list(outline),
    device: fingerprint,
    challenge: is.b64Text,
    at_us: instant,
  }),
);

/** An owner's device asks for one redacted picture. */
export const stillWish = kind(
  'still',
  is.exactly({ node: is.uuid, camera: is.uuid, device: fingerprint, challenge: is.b64Text, at_us: instant }),
);

export const logProof = is.exactly({
  origin: is.text,
  index: is.count,
  salt: is.key32,
  entry: is.b64Text,
  size: is.count,
  hashes: is.list(hash),
  checkpoint: is.text,
});
export type LogProof = is.Read<typeof logProof>;

export const grant = is.exactly({
  id: is.uuid,
  agreement: hash,
  clause: is.text,
  camera: is.uuid,
  stream,
  view,
  rendition,
  person: is.uuid,
  device: fingerprint,
  incident: is.uuid,
  since_us: instant,
  until_us: instant,
  from_us: instant,
  range_until_us: is.orNull(instant),
  track: is.optional(is.count),
  track_kind: is.optional(readTrackKind),
  seen_in: is.optional(is.id16),
});
export type Grant = is.Read<typeof grant>;

export const decision = kind(
  'decision',
  is.exactly({
    node: is.uuid,
    request: hash,
    outcome: is.oneOf('permit', 'pending', 'deny'),
    reason: is.orNull(is.text),
    explanation: is.orNull(is.text),
    answer_by_us: is.orNull(instant),
    grant: is.orNull(grant),
    log: is.orNull(logProof),
    sealed: is.orNull(is.b64Text),
    decided_us: instant,
  }),
);
export type Decision = is.Read<typeof decision.read>;

export const releaseWindow = kind(
  'window',
  is.exactly({
    node: is.uuid,
    grant: is.uuid,
    window: is.count,
    from_us: instant,
    until_us: instant,
    log: logProof,
  }),
);
export type ReleaseWindow = is.Read<typeof releaseWindow.read>;

export const end = kind(
  'end',
  is.exactly({
    node: is.uuid,
    grant: is.uuid,
    reason: is.text,
    ended_us: instant,
    log: is.orNull(logProof),
  }),
);
export type End = is.Read<typeof end.read>;

export const alive = kind(
  'alive',
  is.exactly({
    node: is.uuid,
    camera: is.uuid,
    stream,
    rendition,
    nonce: is.b64Text,
    segment: is.id16,
    run: is.count,
    unit: is.count,
    pts: is.whole,
    age_us: is.count,
    last: is.orNull(is.exactly({ segment: is.id16, run: is.count, sha256: hash })),
    at_us: instant,
    closes: is.optional(is.exactly({ grant: is.uuid, at_us: instant })),
    redaction: is.optional(is.exactly({ state: is.oneOf('normal', 'more', 'whole'), reason: is.text })),
  }),
);
export type Alive = is.Read<typeof alive.read>;

/** One run of a segment as its manifest, or the list of an open segment, names it. */
export const manifestRun = is.exactly({
  run: is.count,
  key: is.flag,
  leaf: is.count,
  start_us: instant,
  end_us: instant,
  offset: is.count,
  length: is.count,
  units: is.count,
  first_pts: is.whole,
  sha256: hash,
});
export type ManifestRun = is.Read<typeof manifestRun>;

export const manifest = kind(
  'manifest',
  is.exactly({
    suite,
    owner: is.uuid,
    node: is.uuid,
    camera: is.uuid,
    stream,
    rendition,
    period: is.id16,
    period_start_us: instant,
    segment: is.id16,
    predecessor: is.orNull(is.exactly({ segment: is.id16, manifest: hash })),
    start_us: instant,
    end_us: instant,
    bytes: is.count,
    recovered: is.flag,
    lost_units: is.count,
    runs: is.list(manifestRun),
  }),
);
export type Manifest = is.Read<typeof manifest.read>;

/** A whole site, agency and officer in memory: what the browser meets, without any network. */

import { b64, type Bytes, concat, u32, unb64, utf8, uuidBytes } from '../bytes';
import { canonical, type Json } from '../canonical';
import { type TrustedNode, trustAgreement } from '../chain';
import { createIdentity, type Identity, type IdentityStore, rawPublic } from '../device';
import { agreement } from '../agreement';
import { type Envelope, fingerprintOf, type Kind, payloadHash, seal, type Signer } from '../envelope';
import { hpkeSeal } from '../hpke';
import { liveAad, liveNonce } from '../live-key';
import { type Asked, releaseInfo } from '../release';
import { accessRequest, alive, decision, end, type Grant, releaseWindow, type Rendition } from '../statements';
import { TestLog } from './log';
import { type SealedRun, TestSegment, u64 } from './sealer';

export const NOON = 1_790_000_000_000_000;
export const ids = {
  owner: '01900000-0000-7000-8000-000000000001',
  agency: '01900000-0000-7000-8000-000000000002',
  node: '01900000-0000-7000-8000-000000000003',
  camera: '01900000-0000-7000-8000-000000000004',
  incident: '01900000-0000-7000-8000-000000000005',
  person: '01900000-0000-7000-8000-000000000006',
  grant: '01900000-0000-7000-8000-000000000007',
  request: '01900000-0000-7000-8000-000000000008',
  agreement: '01900000-0000-7000-8000-000000000009',
} as const;

/** The key of a second; any 32 bytes will do where no cover is derived. */
export function keyOf(leaf: number): Bytes {
  return new Uint8Array(32).fill(leaf + 1);
}

export interface TestKey extends Signer {
  readonly raw: string;
}

export async function testKey(): Promise<TestKey> {
  const pair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair;
  const raw = await rawPublic(pair);
  return { fingerprint: await fingerprintOf(raw), key: pair.privateKey, raw: b64(raw) };
}

/** Identities in memory, held to the same promises as the browser's store. */
export function memoryStore(): IdentityStore {
  const kept = new Map<string, Identity>();
  return {
    all: async () => [...kept.values()],
    put: async (identity) => void kept.set(identity.fingerprint, identity),
    remove: async (fingerprint) => void kept.delete(fingerprint),
  };
}

export async function signedBy<T>(kind: Kind<T>, statement: Json, ...signers: readonly Signer[]): Promise<Envelope> {
  const [first, ...rest] = await Promise.all(signers.map((signer) => seal(kind, statement as T & Json, signer)));
  if (first === undefined) throw new Error('somebody has to sign');
  return { ...first, signatures: [first, ...rest].flatMap(({ signatures }) => signatures) };
}

export class TestSite {
  counter = 0;

  private constructor(
    readonly ownerRoot: TestKey,
    readonly agencyRoot: TestKey,
    readonly nodeKey: TestKey,
    readonly log: TestLog,
    readonly agreement: Envelope,
    readonly trusted: TrustedNode,
    readonly officer: Identity,
    readonly liveKey: Bytes,
  ) {}

  static async create(): Promise<TestSite> {
    const [ownerRoot, agencyRoot, nodeKey, dispatch] = await Promise.all([testKey(), testKey(), testKey(), testKey()]);
    const log = await TestLog.create();
    const document = agreementDocument({ ownerRoot, agencyRoot, nodeKey, dispatch, vkey: log.vkey });
    const signed = await signedBy(agreement, document, ownerRoot, agencyRoot);
    const trusted = await trustAgreement(signed, agencyRoot.raw, NOON);
    const officer = await createIdentity(memoryStore(), 'phone', NOON);
    const liveKey = crypto.getRandomValues(new Uint8Array(32));
    return new TestSite(ownerRoot, agencyRoot, nodeKey, log, signed, trusted, officer, liveKey);
  }

  async asked(changes: Record<string, Json> = {}): Promise<Asked> {
    const statement = {
      request: ids.request, node: ids.node, agreement: this.trusted.agreementHash, camera: ids.camera, stream: 'main',
      view: 'live', rendition: 'clear', purpose: 'emergency', incident: ids.incident, from_us: null, until_us: null,
      comment: '', challenge: b64(new Uint8Array(32)), device: this.officer.fingerprint, asked_us: NOON, ...changes,
    };
    const envelope = await signedBy(accessRequest, statement, { fingerprint: this.officer.fingerprint, key: this.officer.sign.privateKey });
    return { statement: accessRequest.read(statement, 'test'), hash: await payloadHash(envelope) };
  }

  grant(asked: Asked, changes: Partial<Grant> = {}): Grant {
    const { agreement: hash, camera, stream, view, rendition, device, incident } = asked.statement;
    return {
      id: ids.grant, agreement: hash, clause: 'intrusion', camera, stream, view, rendition, person: ids.person, device, incident,
      since_us: NOON, until_us: NOON + 3_600_000_000, from_us: asked.statement.from_us ?? NOON,
      range_until_us: asked.statement.until_us, track: asked.statement.track,
      track_kind: asked.statement.track_kind, seen_in: asked.statement.seen_in, ...changes,
    };
  }

  /** A permit; `entry` overrides what is logged, `released` what is sealed. */
  async permit(asked: Asked, grant: Grant, options: { entry?: Record<string, Json>; released?: Json; node?: TestKey } = {}): Promise<Envelope> {
    const log = await this.log.append({
      kind: 'decision', outcome: 'permit', request: asked.hash, grant: { ...grant }, at_us: NOON,
      window: { from_us: NOON, until_us: NOON + 10_000_000 }, ...options.entry,
    });
    const info = await releaseInfo(asked.hash, grant.id, log.checkpoint);
    const plain = canonical(options.released ?? { grant: grant.id, live_key: b64(this.liveKey) });
    const sealed = await hpkeSeal(this.officer.open.publicKey, plain, info);
    const statement = {
      node: ids.node, request: asked.hash, outcome: 'permit', reason: null, explanation: null, answer_by_us: null,
      grant: { ...grant }, log: { ...log }, sealed: b64(sealed), decided_us: NOON,
    };
    return signedBy(decision, statement, options.node ?? this.nodeKey);
  }

  async window(number: number, fromUs: number, entry: Record<string, Json> = {}): Promise<Envelope> {
    const body = { grant: ids.grant, window: number, from_us: fromUs, until_us: fromUs + 10_000_000 };
    const log = await this.log.append({ kind: 'window', at_us: fromUs, clause: 'intrusion', ...body, ...entry });
    return signedBy(releaseWindow, { node: ids.node, ...body, log: { ...log } }, this.nodeKey);
  }

  alive(nonce: string, changes: Record<string, Json>): Promise<Envelope> {
    const statement = {
      node: ids.node, camera: ids.camera, stream: 'main', rendition: 'clear', nonce, segment: b64(new Uint8Array(16)),
      run: 0, unit: 1, pts: 0, age_us: 0, last: null, at_us: NOON, ...changes,
    };
    return signedBy(alive, statement, this.nodeKey);
  }

  end(reason: string, changes: Record<string, Json> = {}): Promise<Envelope> {
    return signedBy(end, { node: ids.node, grant: ids.grant, reason, ended_us: NOON, log: null, ...changes }, this.nodeKey);
  }

  segment(number: number, startUs = NOON, period = 1, rendition: Rendition = 'clear'): TestSegment {
    const of = { owner: ids.owner, camera: ids.camera, stream: 'main', rendition } as const;
    const id = b64(new Uint8Array(16).fill(number));
    return new TestSegment(of, b64(new Uint8Array(16).fill(period)), id, NOON, startUs);
  }

  /** A type 4 frame for a run. */
  async keyFrame(segment: string, run: SealedRun, grant: string = ids.grant): Promise<Bytes> {
    const counter = (this.counter += 1);
    const key = await crypto.subtle.importKey('raw', this.liveKey, 'AES-GCM', false, ['encrypt']);
    const additionalData = liveAad(grant, { segment, run: run.run, leaf: run.leaf });
    const form = { name: 'AES-GCM', iv: liveNonce(counter), additionalData };
    const wrapped = new Uint8Array(await crypto.subtle.encrypt(form, key, run.key));
    return concat(Uint8Array.of(4), uuidBytes(grant), unb64(segment), u32(run.run), u32(run.leaf), u64(counter), wrapped);
  }
}

export function segmentFrame(segment: TestSegment): Bytes {
  return concat(Uint8Array.of(1), segment.header);
}

export function runFrame(segment: TestSegment, run: SealedRun): Bytes {
  return concat(Uint8Array.of(2), unb64(segment.segment), run.record);
}

export function unitsFrame(segment: TestSegment, run: SealedRun, first = 1, count = run.units.length): Bytes {
  const units = run.units.slice(first - 1, first - 1 + count);
  return concat(Uint8Array.of(3), unb64(segment.segment), u32(run.run), u32(first), ...units);
}

export function jsonFrame(type: 5 | 6 | 7, envelope: Envelope): Bytes {
  return concat(Uint8Array.of(type), utf8(JSON.stringify(envelope)));
}

function agreementDocument(keys: { ownerRoot: TestKey; agencyRoot: TestKey; nodeKey: TestKey; dispatch: TestKey; vkey: string }): Json {
  return {
    suite: 1, agreement: ids.agreement, serial: 1, title: 'Kallio school and Helsinki police',
    owner: { id: ids.owner, name: 'Kallio school', root: keys.ownerRoot.raw },
    agency: { id: ids.agency, name: 'Helsinki police', root: keys.agencyRoot.raw },
    node: { id: ids.node, sign: keys.nodeKey.raw, log: keys.vkey }, dispatch: keys.dispatch.raw,
    not_before_us: NOON - 1, not_after_us: NOON + 86_400_000_000,
    clauses: [{
      id: 'intrusion', roles: ['officer'], views: ['live', 'recorded'], rendition: 'clear', cameras: null, purposes: ['emergency'],
      when: { type: 'signal', signal: 'intrusion', linger_s: 300, test_opens: false }, look_back_s: 600, longest_s: 7200, needs_incident: false,
    }],
    never: ['immigration-enforcement'],
  };
}

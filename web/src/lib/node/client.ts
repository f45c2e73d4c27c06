/** The site node's interface for its owner (`src/handfast/node/http/routes.py`). */

import type { Answer, Call, Reader } from '../api';
import type { Envelope } from '../secure/envelope';
import { readEnvelope } from '../secure/envelope';
import { readRendition } from '../secure/rendition';
import * as is from '../secure/shape';
import { logProof, type LogProof } from '../secure/statements';
import type { Caller } from '../signed-in';

const stream = is.atLeast({ camera: is.text, stream: is.text, state: is.text, reason: is.text });
const camera = is.atLeast({ id: is.text, name: is.text, streams: is.list(stream), watchers: is.count });
const signal = is.atLeast({
  signal: is.text,
  episode: is.text,
  state: is.oneOf('raised', 'cleared'),
  test: is.flag,
  first_raised_us: is.count,
  cleared_us: is.orNull(is.count),
  lease_until_us: is.count,
  raised_by: is.text,
  /** Newest raise by hand, which opens again what was closed before; 0 for none. */
  reopened_us: is.count,
});
const grant = is.atLeast({
  grant: is.uuid,
  name: is.text,
  role: is.text,
  agency_name: is.text,
  camera: is.text,
  camera_name: is.text,
  view: is.oneOf('live', 'recorded'),
  rendition: readRendition,
  purpose: is.text,
  incident_title: is.text,
  since_us: is.count,
  ends_us: is.count,
  until_us: is.count,
});
const site = is.atLeast({
  node: is.uuid,
  name: is.text,
  now_us: is.count,
  hub: is.flag,
  closed_us: is.orNull(is.count),
  cameras: is.list(camera),
  signals: is.list(signal),
  grants: is.list(grant),
});
const question = is.atLeast({
  request: is.key32,
  camera_name: is.text,
  asked_us: is.count,
  answer_by_us: is.count,
  approvals: is.list(is.text),
  envelope: readEnvelope,
  chain: is.list(readEnvelope),
  incident_statement: is.orNull(readEnvelope),
});
const access = is.atLeast({
  grant: is.uuid,
  name: is.text,
  role: is.text,
  agency_name: is.text,
  camera_name: is.text,
  view: is.oneOf('live', 'recorded'),
  rendition: readRendition,
  purpose: is.text,
  incident_title: is.text,
  comment: is.text,
  since_us: is.count,
  until_us: is.count,
  ended_us: is.orNull(is.count),
  reason: is.orNull(is.text),
  viewed_us: is.count,
  opened: is.orNull(logProof),
  closed: is.orNull(logProof),
});
const refusals = is.atLeast({ refusals: is.list(logProof), next: is.orNull(is.count) });
const stills = is.atLeast({ stills: is.list(logProof), next: is.orNull(is.count) });
const continuation = is.atLeast({ checkpoint: is.orNull(is.text), hashes: is.list(is.key32) });
const closed = is.atLeast({ ended: is.count, log: is.orNull(logProof) });
const taken = is.atLeast({ signal: is.text, state: is.text, lease_until_us: is.count });
const paired = is.atLeast({ fingerprint: is.key32 });
const deviceState = is.atLeast({
  state: is.oneOf('pending', 'certified'),
  certificate: is.orNull(readEnvelope),
});

export type CameraNow = is.Read<typeof camera>;
export type SignalNow = is.Read<typeof signal>;
export type GrantNow = is.Read<typeof grant>;
export type SiteNow = is.Read<typeof site>;
/** A request that waits; everything but its envelopes is the node's word only. */
export type Question = is.Read<typeof question>;
export type AccessLine = is.Read<typeof access>;
export type Refusals = is.Read<typeof refusals>;
export type Stills = is.Read<typeof stills>;
export type Continuation = is.Read<typeof continuation>;
export type Closed = is.Read<typeof closed>;
export type DeviceState = is.Read<typeof deviceState>;
export type { LogProof };

export interface Page {
  /** Exclusive: an instant in microseconds for accesses, a log index for refusals and stills. */
  readonly before?: number;
  /** At most 200; 50 unless said. */
  readonly limit?: number;
}

function as<T>(read: is.Reader<T>, what: string): Reader<T> {
  return (body) => read(body, what);
}

function inside<T, U>(answer: Answer<T>, take: (value: T) => U): Answer<U> {
  return answer.outcome === 'ok' ? { outcome: 'ok', value: take(answer.value) } : answer;
}

function query(page: Page): string {
  const fields = Object.entries(page).map(([name, value]) => `${name}=${value as number}`);
  return fields.length === 0 ? '' : `?${fields.join('&')}`;
}

/** The node at the origin that serves this page; `caller` brings the session where one is needed. */
export class NodeClient {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Anybody with a code that the node printed; the code is used up. Returns the fingerprint. */
  async pair(code: string, enrolment: Envelope): Promise<Answer<string>> {
    const answer = await this.#post('/devices', { code, enrolment }, as(paired, 'pairing'));
    return inside(answer, ({ fingerprint }) => fingerprint);
  }

  /** Anybody. Whether a device has been certified. */
  certificate(fingerprint: string): Promise<Answer<DeviceState>> {
    return this.#get(`/devices/${fingerprint}/certificate`, as(deviceState, 'device'));
  }

  /** A single-use challenge for a closing or a switch. */
  async challenge(): Promise<Answer<string>> {
    const read = as(is.atLeast({ challenge: is.b64Text }), 'challenge');
    return inside(await this.#get('/challenge', read), ({ challenge }) => challenge);
  }

  site(): Promise<Answer<SiteNow>> {
    return this.#get('/site', as(site, 'site'));
  }

  async inbox(): Promise<Answer<readonly Question[]>> {
    const read = as(is.atLeast({ requests: is.list(question) }), 'inbox');
    return inside(await this.#get('/inbox', read), ({ requests }) => requests);
  }

  /** As both roots signed them; check them before use. */
  async agreements(): Promise<Answer<readonly Envelope[]>> {
    const read = as(is.atLeast({ agreements: is.list(readEnvelope) }), 'agreements');
    return inside(await this.#get('/agreements', read), ({ agreements }) => agreements);
  }

  /** Who looked, newest first, each with the log proofs of opening and end. */
  async accesses(page: Page = {}): Promise<Answer<readonly AccessLine[]>> {
    const read = as(is.atLeast({ accesses: is.list(access) }), 'accesses');
    return inside(await this.#get(`/accesses${query(page)}`, read), ({ accesses }) => accesses);
  }

  /** Who was refused, newest first, as entries of the log. */
  refusals(page: Page = {}): Promise<Answer<Refusals>> {
    return this.#get(`/refusals${query(page)}`, as(refusals, 'refusals'));
  }

  /** Which of the owner's own devices asked for a picture, newest first, as entries of the log. */
  stills(page: Page = {}): Promise<Answer<Stills>> {
    return this.#get(`/stills${query(page)}`, as(stills, 'stills'));
  }

  /** The newest checkpoint, and a proof that `size` entries (all unless said) continue `first`. */
  consistency(first: number, size?: number): Promise<Answer<Continuation>> {
    const end = size === undefined ? '' : `&size=${size}`;
    return this.#get(`/consistency?first=${first}${end}`, as(continuation, 'consistency'));
  }

  approve(statement: Envelope): Promise<Answer<null>> {
    return this.#post('/approvals', { statement }, () => null);
  }

  close(statement: Envelope): Promise<Answer<Closed>> {
    return this.#post('/closings', { statement }, as(closed, 'closing'));
  }

  /** Any other call of the node's, by whatever loads later than this. */
  call<T>(path: string, call: Call<T>): Promise<Answer<T>> {
    return this.#caller.call(path, call);
  }

  switch(statement: Envelope): Promise<Answer<is.Read<typeof taken>>> {
    return this.#post('/switches', { statement }, as(taken, 'switch'));
  }

  #get<T>(path: string, read: Reader<T>): Promise<Answer<T>> {
    return this.#caller.call(path, { read });
  }

  #post<T>(path: string, body: unknown, read: Reader<T>): Promise<Answer<T>> {
    return this.#caller.call(path, { method: 'POST', body, read });
  }
}

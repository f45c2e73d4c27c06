/** The agency's interface (docs/reference/protocol.md, "Browsers <-> agency"). */

import type { Answer, Reader } from '../api';
import type { Envelope } from '../secure/envelope';
import { readEnvelope } from '../secure/envelope';
import * as is from '../secure/shape';
import type { Caller } from '../signed-in';

const device = is.atLeast({
  fingerprint: is.text,
  label: is.text,
  /** Fingerprint of the key that certified it; only that one can revoke it. */
  issuer: is.text,
  not_after_us: is.count,
  revoked: is.flag,
});
const person = is.atLeast({ person: is.text, name: is.text, role: is.text, devices: is.list(device) });
const pendingDevice = is.atLeast({
  fingerprint: is.key32,
  name: is.text,
  label: is.text,
  enrolment: readEnvelope,
  received_us: is.count,
});
const enrolled = is.atLeast({ fingerprint: is.text });
const status = is.atLeast({
  state: is.oneOf('pending', 'certified', 'refused'),
  chain: is.list(readEnvelope),
});

export type EnrolledPerson = is.Read<typeof person>;
export type WaitingDevice = is.Read<typeof pendingDevice>;
export type EnrolmentStatus = is.Read<typeof status>;

/** What an officer fills in for the dispatch key to sign. */
export interface IncidentDraft {
  /** Id of an incident that is open at the hub already; null makes a new one. */
  readonly incident: string | null;
  readonly kind: string;
  readonly title: string;
  readonly lon: number;
  readonly lat: number;
  readonly radius_m: number;
  readonly signal: { readonly node: string; readonly episode: string } | null;
}

function as<T>(read: is.Reader<T>, what: string): Reader<T> {
  return (body) => read(body, what);
}

const nothing: Reader<null> = () => null;

/**
 * The agency at the origin that serves this page. `open` needs no session (`new Api({ origin: '/api/v1' })`),
 * `signedIn` is this device's session.
 */
export class AgencyClient {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Anybody. Kept for an administrator for 24 h. */
  async enrol(enrolment: Envelope, name: string): Promise<Answer<string>> {
    const answer = await this.#post('/enrolments', { enrolment, name }, as(enrolled, 'enrolment'));
    return answer.outcome === 'ok' ? { outcome: 'ok', value: answer.value.fingerprint } : answer;
  }

  /** Anybody. What became of a device's request; with the chain once it is certified. */
  enrolment(fingerprint: string): Promise<Answer<EnrolmentStatus>> {
    return this.#get(`/enrolments/${fingerprint}`, as(status, 'enrolment'));
  }

  /** Anybody. The newest list of each issuer; check them before use. */
  async revocations(): Promise<Answer<readonly Envelope[]>> {
    const read = as(is.atLeast({ revocations: is.list(readEnvelope) }), 'revocations');
    return inside(await this.#get('/revocations', read), ({ revocations }) => revocations);
  }

  /** Officers. Countersigned, the highest serial of each; check them before use. */
  async agreements(): Promise<Answer<readonly Envelope[]>> {
    const read = as(is.atLeast({ agreements: is.list(readEnvelope) }), 'agreements');
    return inside(await this.#get('/agreements', read), ({ agreements }) => agreements);
  }

  /** Officers. Signed by the dispatch key, good for four hours. */
  async signIncident(draft: IncidentDraft): Promise<Answer<Envelope>> {
    const read = as(is.atLeast({ statement: readEnvelope }), 'incident');
    return inside(await this.#post('/incidents', draft, read), ({ statement }) => statement);
  }

  /** Administrators. Devices that wait, oldest first. */
  async waiting(): Promise<Answer<readonly WaitingDevice[]>> {
    const read = as(is.atLeast({ enrolments: is.list(pendingDevice) }), 'enrolments');
    return inside(await this.#get('/enrolments', read), ({ enrolments }) => enrolments);
  }

  /** Administrators. Signed in this browser with the administrator's own key. */
  async certify(certificate: Envelope): Promise<Answer<string>> {
    const answer = await this.#post('/certificates', { certificate }, as(enrolled, 'certificate'));
    return inside(answer, ({ fingerprint }) => fingerprint);
  }

  /** Administrators. */
  refuse(fingerprint: string): Promise<Answer<null>> {
    return this.#post(`/enrolments/${fingerprint}/refuse`, {}, nothing);
  }

  /** Administrators. */
  async people(): Promise<Answer<readonly EnrolledPerson[]>> {
    const read = as(is.atLeast({ people: is.list(person) }), 'people');
    return inside(await this.#get('/people', read), ({ people }) => people);
  }

  /** Administrators. The complete list, with a serial above the last one's. */
  revoke(revocation: Envelope): Promise<Answer<null>> {
    return this.#post('/revocations', { revocation }, nothing);
  }

  #get<T>(path: string, read: Reader<T>): Promise<Answer<T>> {
    return this.#caller.call(path, { read });
  }

  #post<T>(path: string, body: unknown, read: Reader<T>): Promise<Answer<T>> {
    return this.#caller.call(path, { method: 'POST', body, read });
  }
}

function inside<T, U>(answer: Answer<T>, take: (value: T) => U): Answer<U> {
  return answer.outcome === 'ok' ? { outcome: 'ok', value: take(answer.value) } : answer;
}

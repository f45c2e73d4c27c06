import type { Answer } from '$lib/api';
import { AgencyClient, type EnrolledPerson, type WaitingDevice } from '$lib/agency/client';
import { deviceHere, type Device } from '$lib/device';
import { IDLE, loaded, type Loadable, LOADING, ready } from '$lib/loadable';
import type { Problem } from '$lib/problem';
import type { Identity } from '$lib/secure/device';
import type { Envelope } from '$lib/secure/envelope';
import { asRefused } from '$lib/secure/refused';
import { certifyOfficer, type NamedPerson, revokeDevice, wholeEnrolment } from './vouch';

/** A device that waits; `whole` says whether its own key signed the request we show. */
export interface Pending extends WaitingDevice {
  readonly whole: boolean;
}

/** What an administrator's device can do. */
export interface AdminPorts {
  /** With this device's session. */
  readonly client: AgencyClient;
  readonly identity: Identity;
  readonly agency: string;
  /** End of this administrator's own certificate, microseconds. */
  readonly untilUs: number;
  readonly nowUs: () => number;
}

const POLL_MS = 4000;

/** What the administrator's page knows; idle until an administrator's device signs in. */
export class Agency {
  device = $state.raw<Device>(deviceHere());
  pending = $state.raw<Loadable<readonly Pending[]>>(IDLE);
  people = $state.raw<Loadable<readonly EnrolledPerson[]>>(IDLE);
  /** This device's newest list, after a revocation in this page. */
  list = $state.raw<Envelope | null>(null);
  #ports: AdminPorts | null = null;

  /** Fingerprint of this device; empty until it is an administrator's. */
  get own(): string {
    return this.#ports?.identity.fingerprint ?? '';
  }

  /** Begins to read with this device; returns the end. */
  connect(ports: AdminPorts): () => void {
    this.#ports = ports;
    this.pending = LOADING;
    this.people = LOADING;
    void this.read();
    const timer = setInterval(() => void this.#readPending(), POLL_MS);
    return () => {
      clearInterval(timer);
      this.#ports = null;
      this.pending = IDLE;
      this.people = IDLE;
    };
  }

  async read(): Promise<void> {
    await Promise.all([this.#readPending(), this.#readPeople()]);
  }

  /** Signs the certificate here and brings it to the agency. */
  certify(device: Pending, who: NamedPerson): Promise<Answer<string>> {
    return this.#act(async ({ client, identity, agency, untilUs, nowUs }) => {
      const whole = await wholeEnrolment(device.enrolment);
      if (whole.fingerprint !== device.fingerprint) return failed('the request is for another key than the list says');
      return client.certify(await certifyOfficer(identity, whole, who, { agency, nowUs: nowUs(), untilUs }));
    });
  }

  refuse(device: Pending): Promise<Answer<null>> {
    return this.#act(({ client }) => client.refuse(device.fingerprint));
  }

  /** Signs the list with one device more, and brings it to the agency. */
  revoke(device: string): Promise<Answer<null>> {
    return this.#act(async ({ client, identity, nowUs }) => {
      const lists = await client.revocations();
      if (lists.outcome !== 'ok') return lists;
      const list = await revokeDevice(identity, lists.value, device, nowUs());
      const answer = await client.revoke(list);
      if (answer.outcome === 'ok') this.list = list;
      return answer;
    });
  }

  async #act<T>(act: (ports: AdminPorts) => Promise<Answer<T>>): Promise<Answer<T>> {
    const ports = this.#ports;
    if (ports === null) return failed('this device is no administrator’s');
    try {
      const answer = await act(ports);
      await this.read();
      return answer;
    } catch (error) {
      return failed(asRefused(error, 'malformed', 'it could not be signed').message);
    }
  }

  async #readPending(): Promise<void> {
    const ports = this.#ports;
    if (ports === null) return;
    const answer = await ports.client.waiting();
    if (answer.outcome !== 'ok') return void (this.pending = loaded(answer));
    this.pending = ready(await Promise.all(answer.value.map(checked)));
  }

  async #readPeople(): Promise<void> {
    const ports = this.#ports;
    if (ports !== null) this.people = loaded(await ports.client.people());
  }
}

/** The agency's list is only a list: fingerprint and label are taken from the signed request. */
async function checked(device: WaitingDevice): Promise<Pending> {
  try {
    const { fingerprint, enrolment } = await wholeEnrolment(device.enrolment);
    return { ...device, label: enrolment.label, whole: fingerprint === device.fingerprint };
  } catch {
    return { ...device, whole: false };
  }
}

function failed(detail: string): Answer<never> {
  const problem: Problem = { kind: 'invalid', status: 0, title: '', detail };
  return { outcome: 'failed', problem };
}

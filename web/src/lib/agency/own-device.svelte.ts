/**
 * This browser as a person's device at its agency: makes keys, asks for a certificate, waits,
 * checks what comes back against the agency's root and pins that root.
 *
 * An officer and an administrator may share a browser; each page looks at its own kind only.
 */

import { deviceHere, deviceLabel, type Device } from '../device';
import type { Problem } from '../problem';
import { unb64, fromUtf8 } from '../secure/bytes';
import { verifyChain } from '../secure/chain';
import {
  createIdentity,
  enrolmentRequest,
  enrolmentText,
  installChain,
  persist,
  type Identity,
  type IdentityStore,
} from '../secure/device';
import { asRefused, Refused } from '../secure/refused';
import { parseJson } from '../secure/shape';
import { certificate, type Certificate } from '../secure/statements';
import type { AgencyClient, EnrolmentStatus } from './client';

export interface OwnDevicePorts {
  /** Whether keys can be kept here; the browser's word unless said. */
  readonly secure?: boolean;
  /** Which of the browser's identities are this page's. */
  readonly kind: 'officer-device' | 'administrator';
  readonly openStore: () => Promise<IdentityStore>;
  /** The agency without a session. */
  readonly agency: AgencyClient;
  /** base64url of the agency's root, from the settings of the server that serves this page. */
  readonly root: string;
  /** Wall clock, microseconds. */
  readonly nowUs: () => number;
  /** Small notes of this browser: who asked, and which root was pinned. */
  readonly notes: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  /** Calls back after so many milliseconds; returns the undoing. */
  readonly later?: (work: () => void, ms: number) => () => void;
}

interface Asked {
  readonly fingerprint: string;
  readonly name: string;
}

const FIRST_POLL_MS = 500;
const LONGEST_POLL_MS = 5000;

function timer(work: () => void, ms: number): () => void {
  const handle = setTimeout(work, ms);
  return () => clearTimeout(handle);
}

export class OwnDevice {
  device = $state.raw<Device>({ state: 'starting' });
  /** Why the last step could not be done; the page shows it beside the state. */
  problem = $state.raw<Problem | null>(null);
  busy = $state(false);
  /** Keys and chain of a certified device; null otherwise. */
  identity = $state.raw<Identity | null>(null);

  readonly #ports: OwnDevicePorts;
  #store: IdentityStore | null = null;
  #stop: () => void = () => undefined;

  constructor(ports: OwnDevicePorts) {
    this.#ports = ports;
  }

  /** Finds out what this browser is; waits on for a certificate when it has asked for one. */
  async start(): Promise<void> {
    const here = deviceHere(this.#ports.secure);
    if (here.state === 'insecure') return void (this.device = here);
    let all: readonly Identity[];
    try {
      this.#store = await this.#ports.openStore();
      all = await this.#store.all();
    } catch {
      return void (this.device = { state: 'unsupported' });
    }
    const own = newest(all.filter((identity) => certificateOf(identity)?.kind === this.#ports.kind));
    if (own) return this.#certified(own);
    const asked = this.#asked();
    const waiting = all.find(({ fingerprint }) => fingerprint === asked?.fingerprint);
    if (asked && waiting) return this.#wait(waiting, asked.name, false);
    this.device = { state: 'none' };
  }

  /** Makes keys that never leave this browser, and asks the agency to certify them. */
  async create(name: string): Promise<void> {
    const { nowUs } = this.#ports;
    if (this.#store === null || this.busy) return;
    this.busy = true;
    try {
      const identity = await createIdentity(this.#store, deviceLabel(), nowUs());
      this.#note('asked', JSON.stringify({ fingerprint: identity.fingerprint, name }));
      void persist().catch(() => false);
      await this.#wait(identity, name, true);
    } catch {
      this.device = { state: 'unsupported' };
    } finally {
      this.busy = false;
    }
  }

  /** Gives this identity up, so that a new one can be made; its key is gone for good. */
  async forget(): Promise<void> {
    this.#stop();
    const { device } = this;
    if ('fingerprint' in device) await this.#store?.remove(device.fingerprint);
    this.#ports.notes.removeItem(this.#name('asked'));
    this.#ports.notes.removeItem(this.#name('root'));
    this.identity = null;
    this.problem = null;
    this.device = { state: 'none' };
  }

  /** A server refused this device for a named reason; those that end it become its state. */
  refused(reason: string): void {
    const { device } = this;
    if (device.state !== 'certified') return;
    if (reason !== 'certificate-revoked' && reason !== 'certificate-expired') return;
    const state = reason === 'certificate-revoked' ? 'revoked' : 'expired';
    this.identity = null;
    this.device = { state, name: device.name, fingerprint: device.fingerprint };
  }

  /** Ends the waiting. */
  stop(): void {
    this.#stop();
  }

  async #wait(identity: Identity, name: string, isNew: boolean): Promise<void> {
    const { agency, nowUs } = this.#ports;
    const { fingerprint } = identity;
    const request = await enrolmentRequest(identity, nowUs());
    this.device = { state: 'waiting', name, fingerprint, request: enrolmentText(request) };
    // A request that nobody answered within a day is forgotten there, and sent again.
    const isKnown = !isNew && (await agency.enrolment(fingerprint)).outcome === 'ok';
    if (!isKnown) {
      const sent = await agency.enrol(request, name);
      this.problem = sent.outcome === 'failed' ? sent.problem : null;
    }
    this.#poll(identity, name, FIRST_POLL_MS);
  }

  #poll(identity: Identity, name: string, ms: number): void {
    this.#stop();
    this.#stop = (this.#ports.later ?? timer)(() => void this.#look(identity, name, ms), ms);
  }

  async #look(identity: Identity, name: string, ms: number): Promise<void> {
    const answer = await this.#ports.agency.enrolment(identity.fingerprint);
    if (this.device.state !== 'waiting') return;
    if (answer.outcome === 'ok' && (await this.#settled(identity, name, answer.value))) return;
    if (answer.outcome === 'failed') this.problem = answer.problem;
    this.#poll(identity, name, Math.min(LONGEST_POLL_MS, ms * 1.3));
  }

  async #settled(identity: Identity, name: string, { state, chain }: EnrolmentStatus): Promise<boolean> {
    this.problem = null;
    if (state === 'pending' || this.#store === null) return false;
    if (state === 'refused') {
      this.device = { state, name, fingerprint: identity.fingerprint };
      return true;
    }
    const { root, nowUs } = this.#ports;
    try {
      const certified = await installChain(this.#store, identity, chain, root, nowUs());
      this.#note('root', root);
      await this.#certified(certified);
      return true;
    } catch (error) {
      const { message } = asRefused(error, 'malformed', 'the certificate could not be read');
      this.problem = { kind: 'corrupt', status: 200, title: 'Certificate not accepted', detail: message };
      return false;
    }
  }

  async #certified(identity: Identity): Promise<void> {
    const { root, nowUs, notes, kind } = this.#ports;
    const held = certificateOf(identity);
    const { fingerprint } = identity;
    const name = held?.name ?? '';
    const pinned = notes.getItem(this.#name('root'));
    if (pinned !== null && pinned !== root) {
      return void (this.device = { state: 'other-root', name, fingerprint });
    }
    try {
      const { role, not_after_us: untilUs, kind: found } = await verifyChain(identity.chain, root, nowUs());
      if (found !== kind) throw new Refused('not-ours', 'the certificate is of another kind');
      this.#note('root', root);
      notes.removeItem(this.#name('asked'));
      this.identity = identity;
      this.device = { state: 'certified', name, role, fingerprint, untilUs };
    } catch (error) {
      const { code } = asRefused(error, 'malformed', 'the chain could not be read');
      this.device = { state: code === 'not-in-force' ? 'expired' : 'other-root', name, fingerprint };
    }
  }

  #name(note: 'asked' | 'root'): string {
    return `handfast.${this.#ports.kind}.${note}`;
  }

  #note(note: 'asked' | 'root', text: string): void {
    this.#ports.notes.setItem(this.#name(note), text);
  }

  #asked(): Asked | null {
    try {
      const { fingerprint, name } = JSON.parse(this.#ports.notes.getItem(this.#name('asked')) ?? '') as Partial<Asked>;
      return typeof fingerprint === 'string' && typeof name === 'string' ? { fingerprint, name } : null;
    } catch {
      return null;
    }
  }
}

function newest(identities: readonly Identity[]): Identity | undefined {
  return [...identities].sort((left, right) => right.createdUs - left.createdUs)[0];
}

/** What a kept chain says of its holder, unchecked: only to choose among identities. */
function certificateOf(identity: Identity): Certificate | null {
  const [leaf] = identity.chain;
  if (leaf === undefined) return null;
  try {
    return certificate.read(parseJson(fromUtf8(unb64(leaf.payload)), 'certificate'), 'certificate');
  } catch {
    return null;
  }
}

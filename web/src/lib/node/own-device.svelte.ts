/**
 * This browser as one of the owner's devices: has the owner's root vouched for, makes keys, asks
 * with the code that the node printed and pins root, node and log, waits until the root has
 * certified its keys and checks the certificate. From then on it logs in by itself.
 */

import { deviceHere } from '../device';
import type { Problem } from '../problem';
import { unb64, fromUtf8 } from '../secure/bytes';
import { verifyChain } from '../secure/chain';
import {
  createIdentity,
  enrolmentRequest,
  enrolmentText,
  type Identity,
  type IdentityStore,
  installChain,
  persist,
} from '../secure/device';
import { fingerprintOf } from '../secure/envelope';
import { asRefused, Refused } from '../secure/refused';
import * as is from '../secure/shape';
import { certificate } from '../secure/statements';
import type { NodeClient } from './client';
import type { OwnSide } from './own-agreements';
import type { PairingLink } from './pairing-link';
import type { NodeSettings } from './settings';

export type OwnerDeviceState =
  | { readonly state: 'starting' | 'insecure' | 'unsupported' }
  | {
      readonly state: 'none';
      /** Fingerprint of the owner's root, as the node names it. */
      readonly root: string;
      /** It is the root of the pairing link, or of an earlier pairing, or somebody compared it. */
      readonly vouched: boolean;
    }
  /** The node names a root that is not the owner's; nothing is made and no code is sent. */
  | {
      readonly state: 'wrong-root';
      readonly root: string;
      /** Fingerprint of the right one; null when somebody compared and said that it differs. */
      readonly expected: string | null;
    }
  | {
      readonly state: 'waiting';
      readonly name: string;
      readonly fingerprint: string;
      /** The signed request as text, for a file that is carried to whoever holds the root. */
      readonly request: string;
    }
  | {
      readonly state: 'certified';
      readonly name: string;
      readonly role: string;
      readonly fingerprint: string;
      readonly untilUs: number;
    }
  | { readonly state: 'expired'; readonly name: string; readonly fingerprint: string }
  /** The node names another root, log or id than this device has pinned. */
  | { readonly state: 'other-site'; readonly name: string; readonly fingerprint: string };

/** Small notes of this browser. */
export type Notes = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

export interface OwnerDevicePorts {
  readonly openStore: () => Promise<IdentityStore>;
  /** The node without a session. */
  readonly node: Pick<NodeClient, 'pair' | 'certificate'>;
  readonly settings: NodeSettings;
  /** What this page was opened by, if it was a pairing link. */
  readonly link?: PairingLink | null;
  /** Wall clock, microseconds. */
  readonly nowUs: () => number;
  readonly notes: Notes;
  /** Calls back after so many milliseconds; returns the undoing. */
  readonly later?: (work: () => void, ms: number) => () => void;
}

const POLL_MS = 2000;
const ASKED = 'handfast.owner-device.asked';
const PINNED = 'handfast.owner-device.pinned';
const readAsked = is.atLeast({ fingerprint: is.key32, name: is.text });
const readPinned = is.atLeast({ node: is.uuid, ownerRoot: is.key32, log: is.text });

function timer(work: () => void, ms: number): () => void {
  const handle = setTimeout(work, ms);
  return () => clearTimeout(handle);
}

export class OwnerDevice {
  device = $state.raw<OwnerDeviceState>({ state: 'starting' });
  /** Why the last step could not be done. */
  problem = $state.raw<Problem | null>(null);
  busy = $state(false);
  /** Keys and certificate of a certified device. */
  identity = $state.raw<Identity | null>(null);

  readonly #ports: OwnerDevicePorts;
  #store: IdentityStore | null = null;
  #link = $state.raw<PairingLink | null>(null);
  #stop: () => void = () => undefined;

  constructor(ports: OwnerDevicePorts) {
    this.#ports = ports;
    this.#link = ports.link ?? null;
  }

  /** The code of the pairing link; empty without one. */
  get code(): string {
    return this.#link?.code ?? '';
  }

  /** What this device has pinned; before it has asked, what the node says. */
  get own(): OwnSide {
    return this.#pinned() ?? ownSide(this.#ports.settings);
  }

  /** Finds out what this browser is; waits on when it has asked. */
  async start(): Promise<void> {
    if (deviceHere().state === 'insecure') return void (this.device = { state: 'insecure' });
    let all: readonly Identity[];
    try {
      this.#store = await this.#ports.openStore();
      all = await this.#store.all();
    } catch {
      return void (this.device = { state: 'unsupported' });
    }
    const own = newest(all.filter(isOwners));
    if (own) return this.#certified(own);
    const asked = this.#note(ASKED, readAsked);
    const waiting = all.find(({ fingerprint }) => fingerprint === asked?.fingerprint);
    if (asked && waiting) return this.#wait(waiting, asked.name);
    await this.#unpaired();
  }

  /** Takes the word of whoever compared the node's root with the owner's card. */
  compared(same: boolean): void {
    const { device } = this;
    if (device.state === 'none' && same) this.device = { ...device, vouched: true };
    else if (device.state === 'none') this.device = { state: 'wrong-root', root: device.root, expected: null };
  }

  /** Asks for the comparison again after somebody said that the root differs. */
  compareAgain(): void {
    const { device } = this;
    if (device.state !== 'wrong-root' || device.expected !== null) return;
    this.device = { state: 'none', root: device.root, vouched: false };
  }

  /**
   * Makes keys that never leave this browser and asks with the code; a wrong code leaves nothing.
   * Does nothing before the root is vouched for. What the node says of itself is pinned from here.
   */
  async pair(name: string, code: string): Promise<void> {
    const store = this.#store;
    if (store === null || this.busy || this.device.state !== 'none' || !this.device.vouched) return;
    this.busy = true;
    this.problem = null;
    try {
      const { nowUs, node, notes, settings } = this.#ports;
      const identity = await createIdentity(store, name, nowUs());
      const sent = await node.pair(code, await enrolmentRequest(identity, nowUs()));
      if (sent.outcome !== 'ok' || sent.value !== identity.fingerprint) {
        await store.remove(identity.fingerprint);
        this.problem =
          sent.outcome === 'failed'
            ? sent.problem
            : problem('denied', sent.outcome === 'denied' ? sent.denial.sentence : 'the node took another key');
        return;
      }
      notes.setItem(PINNED, JSON.stringify(ownSide(settings)));
      notes.setItem(ASKED, JSON.stringify({ fingerprint: identity.fingerprint, name }));
      void persist().catch(() => false);
      await this.#wait(identity, name);
    } catch {
      this.device = { state: 'unsupported' };
    } finally {
      this.busy = false;
    }
  }

  /** Gives this identity up; its key is gone for good. What was pinned stays unless `site` is other. */
  async forget(): Promise<void> {
    this.#stop();
    const { device } = this;
    if ('fingerprint' in device) await this.#store?.remove(device.fingerprint);
    this.#ports.notes.removeItem(ASKED);
    this.#ports.notes.removeItem(PINNED);
    this.identity = null;
    this.problem = null;
    this.#link = null;
    await this.#unpaired();
  }

  stop(): void {
    this.#stop();
  }

  /** Compares the node's root with what was handed over, else with what was pinned before. */
  async #unpaired(): Promise<void> {
    const root = await fingerprintOf(unb64(this.#ports.settings.ownerRoot));
    const pinned = this.#pinned();
    const before = pinned === null ? null : await fingerprintOf(unb64(pinned.ownerRoot));
    const expected = this.#link?.root ?? before;
    this.device =
      expected === null || expected === root
        ? { state: 'none', root, vouched: expected !== null }
        : { state: 'wrong-root', root, expected };
  }

  async #wait(identity: Identity, name: string): Promise<void> {
    const { fingerprint } = identity;
    if (!sameSide(this.own, ownSide(this.#ports.settings))) {
      return void (this.device = { state: 'other-site', name, fingerprint });
    }
    const request = enrolmentText(await enrolmentRequest(identity, this.#ports.nowUs()));
    this.device = { state: 'waiting', name, fingerprint, request };
    await this.#look(identity);
  }

  async #look(identity: Identity): Promise<void> {
    const answer = await this.#ports.node.certificate(identity.fingerprint);
    if (this.device.state !== 'waiting') return;
    if (answer.outcome === 'failed') this.problem = answer.problem;
    if (answer.outcome === 'ok') {
      const found = answer.value.certificate;
      if (found === null) this.problem = null;
      else if (await this.#install(identity, found)) return;
    }
    this.#stop = (this.#ports.later ?? timer)(() => void this.#look(identity), POLL_MS);
  }

  async #install(identity: Identity, found: unknown): Promise<boolean> {
    if (this.#store === null) return false;
    try {
      const { ownerRoot } = this.own;
      const certified = await installChain(this.#store, identity, [found], ownerRoot, this.#ports.nowUs());
      await this.#certified(certified);
      return true;
    } catch (error) {
      const { message } = asRefused(error, 'malformed', 'the certificate could not be read');
      this.problem = problem('corrupt', message);
      return false;
    }
  }

  async #certified(identity: Identity): Promise<void> {
    const { settings, nowUs, notes } = this.#ports;
    const { fingerprint, label } = identity;
    const said = ownSide(settings);
    const pinned = this.#pinned();
    if (pinned !== null && !sameSide(pinned, said)) {
      return void (this.device = { state: 'other-site', name: label, fingerprint });
    }
    try {
      const held = await verifyChain(identity.chain, settings.ownerRoot, nowUs());
      if (held.kind !== 'owner-device') throw new Refused('not-ours', 'the certificate is of another kind');
      notes.setItem(PINNED, JSON.stringify(said));
      notes.removeItem(ASKED);
      this.identity = identity;
      const { name, role, not_after_us: untilUs } = held;
      this.device = { state: 'certified', name, role, fingerprint, untilUs };
    } catch (error) {
      const { code } = asRefused(error, 'malformed', 'the certificate could not be read');
      const state = code === 'not-in-force' ? 'expired' : 'other-site';
      this.device = { state, name: label, fingerprint };
    }
  }

  #pinned(): OwnSide | null {
    return this.#note(PINNED, readPinned);
  }

  #note<T>(name: string, read: is.Reader<T>): T | null {
    try {
      return read(JSON.parse(this.#ports.notes.getItem(name) ?? ''), name);
    } catch {
      return null;
    }
  }
}

function ownSide({ node, ownerRoot, log }: NodeSettings): OwnSide {
  return { node, ownerRoot, log };
}

function sameSide(left: OwnSide, right: OwnSide): boolean {
  return left.node === right.node && left.ownerRoot === right.ownerRoot && left.log === right.log;
}

function problem(kind: Problem['kind'], detail: string): Problem {
  return { kind, status: 0, title: '', detail };
}

function newest(identities: readonly Identity[]): Identity | undefined {
  return [...identities].sort((left, right) => right.createdUs - left.createdUs)[0];
}

/** What a kept chain says of its holder, unchecked: only to choose among identities. */
function isOwners({ chain: [leaf] }: Identity): boolean {
  if (leaf === undefined) return false;
  try {
    const held = is.parseJson(fromUtf8(unb64(leaf.payload)), 'certificate');
    return certificate.read(held, 'certificate').kind === 'owner-device';
  } catch {
    return false;
  }
}

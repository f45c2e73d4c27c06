// @vitest-environment node
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Answer } from '../api';
import { b64 } from '../secure/bytes';
import { type Identity, type IdentityStore, rawPublic } from '../secure/device';
import type { Envelope } from '../secure/envelope';
import { certificate } from '../secure/statements';
import { TestLog } from '../secure/testing/log';
import { ids, memoryStore, NOON, signedBy, testKey, type TestKey } from '../secure/testing/site';
import type { DeviceState, NodeClient } from './client';
import { type Notes, OwnerDevice } from './own-device.svelte';
import { type PairingLink, readPairingLink } from './pairing-link';
import type { NodeSettings } from './settings';

let root: TestKey;
let settings: NodeSettings;
let store: IdentityStore;
let notes: Notes;
let node: ScriptedNode;
let now = NOON;

class ScriptedNode implements Pick<NodeClient, 'pair' | 'certificate'> {
  asked: Envelope | null = null;
  issued: Envelope | null = null;

  async pair(code: string, enrolment: Envelope): Promise<Answer<string>> {
    if (code !== 'CODE') return failed('the pairing code is unknown or used; make a new one');
    this.asked = enrolment;
    return { outcome: 'ok', value: enrolment.signatures[0]?.keyid ?? '' };
  }

  async certificate(): Promise<Answer<DeviceState>> {
    const state = this.issued === null ? 'pending' : 'certified';
    return { outcome: 'ok', value: { state, certificate: this.issued } };
  }
}

function failed(detail: string): Answer<never> {
  return { outcome: 'failed', problem: { kind: 'denied', status: 403, title: '', detail } };
}

function memoryNotes(): Notes {
  const kept = new Map<string, string>();
  return {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, text) => void kept.set(name, text),
    removeItem: (name) => void kept.delete(name),
  };
}

/** Work that was put off; tests do it when they want to. */
let later: (() => void)[] = [];

/** What `handfast node pair` hands over: code and root. */
function link(by: TestKey = root): PairingLink {
  return { code: 'CODE', root: by.fingerprint };
}

function device(said: NodeSettings = settings, given: PairingLink | null = null): OwnerDevice {
  return new OwnerDevice({
    openStore: async () => store, node, settings: said, link: given, nowUs: () => now, notes,
    later: (work) => {
      later.push(work);
      return () => undefined;
    },
  });
}

/** Lets work go on until it is done; the key operations behind it take as long as they take. */
async function settled(ready: () => boolean): Promise<void> {
  for (let turn = 0; turn < 100_000 && !ready(); turn += 1) {
    later.splice(0).forEach((work) => work());
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function certify(identity: Identity, by: TestKey = root): Promise<Envelope> {
  const statement = {
    suite: 1, serial: 1, kind: 'owner-device', id: ids.person, organisation: ids.owner, name: 'M. Virtanen', role: 'principal',
    sign: b64(await rawPublic(identity.sign)), open: b64(await rawPublic(identity.open)), issuer: by.fingerprint,
    not_before_us: NOON - 1, not_after_us: NOON + 1_000_000,
  };
  return signedBy(certificate, statement, by);
}

async function only(): Promise<Identity> {
  const [identity] = await store.all();
  if (!identity) throw new Error('no identity was made');
  return identity;
}

beforeAll(async () => {
  Object.defineProperty(globalThis, 'isSecureContext', { value: true, configurable: true });
  root = await testKey();
  const log = (await TestLog.create()).vkey;
  settings = { owner: 'School', site: 'School', node: ids.node, nodeKey: root.raw, ownerRoot: root.raw, log, place: [0, 0] };
});

beforeEach(() => {
  store = memoryStore();
  notes = memoryNotes();
  node = new ScriptedNode();
  later = [];
  now = NOON;
});

describe('pairing', () => {
  it('leads from a code over the owner’s root to a device that logs in by itself', async () => {
    const first = device(settings, link());
    await first.start();
    expect(first.device.state).toBe('none');
    await first.pair('M. Virtanen', 'CODE');
    expect(first.device).toMatchObject({ state: 'waiting', fingerprint: (await only()).fingerprint });
    node.issued = await certify(await only());
    await settled(() => first.device.state === 'certified');
    expect(first.device).toMatchObject({ state: 'certified', name: 'M. Virtanen', role: 'principal' });
    const next = device();
    await next.start();
    expect(next.identity?.fingerprint).toBe((await only()).fingerprint);
  });

  it('waits on after the page was closed', async () => {
    const first = device(settings, link());
    await first.start();
    await first.pair('M. Virtanen', 'CODE');
    const next = device();
    await next.start();
    expect(next.device.state).toBe('waiting');
  });

  it('keeps no key when the code is wrong', async () => {
    const own = device(settings, link());
    await own.start();
    await own.pair('M. Virtanen', 'WRONG');
    expect(own.device.state).toBe('none');
    expect(own.problem?.detail).toContain('pairing code');
    expect(await store.all()).toEqual([]);
  });

  it('refuses a certificate that another root signed', async () => {
    const own = device(settings, link());
    await own.start();
    await own.pair('M. Virtanen', 'CODE');
    node.issued = await certify(await only(), await testKey());
    await settled(() => own.problem !== null);
    expect(own.device.state).toBe('waiting');
    expect(own.problem?.kind).toBe('corrupt');
  });
});

describe('the owner’s root', () => {
  it('is vouched for by the link that was handed over', async () => {
    const own = device(settings, link());
    await own.start();
    expect(own.device).toEqual({ state: 'none', root: root.fingerprint, vouched: true });
    expect(own.code).toBe('CODE');
  });

  it('of another box is refused before a key is made or a code is sent', async () => {
    const other = await testKey();
    const own = device({ ...settings, ownerRoot: other.raw }, link());
    await own.start();
    expect(own.device).toEqual({ state: 'wrong-root', root: other.fingerprint, expected: root.fingerprint });
    await own.pair('M. Virtanen', 'CODE');
    own.compareAgain();
    own.compared(true);
    expect([own.device.state, node.asked, await store.all()]).toEqual(['wrong-root', null, []]);
  });

  it('has to be compared where the page was opened by hand', async () => {
    const own = device();
    await own.start();
    await own.pair('M. Virtanen', 'CODE');
    expect(own.device).toMatchObject({ state: 'none', vouched: false });
    expect(node.asked).toBeNull();
    own.compared(false);
    expect(own.device).toEqual({ state: 'wrong-root', root: root.fingerprint, expected: null });
    await own.pair('M. Virtanen', 'CODE');
    expect(node.asked).toBeNull();
    own.compareAgain();
    own.compared(true);
    await own.pair('M. Virtanen', 'CODE');
    expect(own.device.state).toBe('waiting');
  });

  it('is pinned as soon as this device has asked: another one while it waits is refused', async () => {
    const first = device(settings, link());
    await first.start();
    await first.pair('M. Virtanen', 'CODE');
    const next = device({ ...settings, ownerRoot: (await testKey()).raw });
    await next.start();
    expect(next.device.state).toBe('other-site');
    expect(next.own.ownerRoot).toBe(root.raw);
  });

  it('stays pinned when the keys were lost, until a new link names another', async () => {
    const first = device(settings, link());
    await first.start();
    await first.pair('M. Virtanen', 'CODE');
    store = memoryStore();
    const other = await testKey();
    const changed = { ...settings, ownerRoot: other.raw };
    for (const [said, given, found] of [
      [settings, null, { state: 'none', vouched: true }],
      [changed, null, { state: 'wrong-root', expected: root.fingerprint }],
      [changed, link(other), { state: 'none', vouched: true }],
    ] as const) {
      const own = device(said, given);
      await own.start();
      expect(own.device).toMatchObject(found);
    }
  });

  it('is compared anew after the device was given up', async () => {
    const own = device(settings, link());
    await own.start();
    await own.pair('M. Virtanen', 'CODE');
    await own.forget();
    expect(own.device).toMatchObject({ state: 'none', vouched: false });
    expect(own.code).toBe('');
  });
});

describe('a pairing link', () => {
  it('brings the code and the root’s fingerprint', () => {
    const print = '-f3cAkl_I0OdeE7wQz1b_4mTnXyPq2RsVuWcHjKfLg8';
    expect(readPairingLink(`#root=${print}&pair=ABCDE23456`)).toEqual({ code: 'ABCDE23456', root: print });
    expect(readPairingLink('#pair=ABCDE23456')).toEqual({ code: 'ABCDE23456', root: null });
  });

  it('is none without a code', () => {
    for (const hash of ['', '#', '#root=x', '#pair=', '#pair=a%20b%20c%20d']) expect(readPairingLink(hash)).toBeNull();
  });
});

describe('a paired device', () => {
  async function paired(): Promise<void> {
    const own = device(settings, link());
    await own.start();
    await own.pair('M. Virtanen', 'CODE');
    node.issued = await certify(await only());
    await settled(() => own.device.state === 'certified');
  }

  it('does not log in where root, log or node are others than it has pinned', async () => {
    await paired();
    const other = await testKey();
    for (const changed of [{ ownerRoot: other.raw }, { log: (await TestLog.create()).vkey }, { node: ids.owner }]) {
      const own = device({ ...settings, ...changed });
      await own.start();
      expect(own.device.state).toBe('other-site');
      expect(own.identity).toBeNull();
      expect(own.own).toEqual({ node: ids.node, ownerRoot: root.raw, log: settings.log });
    }
  });

  it('says when its certificate has run out, and can be paired anew', async () => {
    await paired();
    now = NOON + 2_000_000;
    const own = device();
    await own.start();
    expect(own.device.state).toBe('expired');
    await own.forget();
    expect([own.device.state, await store.all()]).toEqual(['none', []]);
  });
});

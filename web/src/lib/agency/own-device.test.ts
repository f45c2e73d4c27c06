import { describe, expect, it } from 'vitest';
import { Api } from '../api';
import { b64 } from '../secure/bytes';
import { createIdentity, type Identity, type IdentityStore } from '../secure/device';
import type { Envelope } from '../secure/envelope';
import { certificate, enrolment } from '../secure/statements';
import { ids, memoryStore, NOON, signedBy, testKey, type TestKey } from '../secure/testing/site';
import { AgencyClient } from './client';
import { OwnDevice } from './own-device.svelte';

const YEAR_US = 31_536_000_000_000;

interface Status {
  state: 'pending' | 'certified' | 'refused';
  chain: readonly Envelope[];
}

/** An agency with one root and one administrator, reached by fetch alone. */
class TestAgency {
  readonly asked = new Map<string, { name: string; enrolment: Envelope }>();
  readonly status = new Map<string, Status>();
  reachable = true;

  private constructor(
    readonly root: TestKey,
    readonly administrator: TestKey,
  ) {}

  static async create(): Promise<TestAgency> {
    return new TestAgency(await testKey(), await testKey());
  }

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    if (!this.reachable) throw new TypeError('refused');
    const request = new Request(input, init);
    if (request.method === 'POST') {
      const body = (await request.json()) as { name: string; enrolment: Envelope };
      const { sign } = enrolment.read(JSON.parse(atob64(body.enrolment.payload)), 'test');
      const fingerprint = b64(new Uint8Array(await crypto.subtle.digest('SHA-256', raw(sign))));
      this.asked.set(fingerprint, body);
      this.status.set(fingerprint, { state: 'pending', chain: [] });
      return Response.json({ fingerprint }, { status: 201 });
    }
    const known = this.status.get(new URL(request.url).pathname.split('/').at(-1) ?? '');
    return known ? Response.json(known) : Response.json({ title: 'none' }, { status: 404 });
  };

  async certify(fingerprint: string, name: string, options: { untilUs?: number; root?: TestKey } = {}): Promise<Envelope[]> {
    const statement = enrolment.read(JSON.parse(atob64(this.asked.get(fingerprint)!.enrolment.payload)), 'test');
    const common = { suite: 1, serial: 1, organisation: ids.agency, not_before_us: NOON - 1 };
    const leaf = {
      ...common, kind: 'officer-device', id: ids.person, name, role: 'officer', sign: statement.sign, open: statement.open,
      issuer: this.administrator.fingerprint, not_after_us: options.untilUs ?? NOON + YEAR_US,
    };
    const root = options.root ?? this.root;
    const above = {
      ...common, kind: 'administrator', id: ids.owner, name: 'Kaisa', role: 'administrator', sign: this.administrator.raw,
      open: null, issuer: root.fingerprint, not_after_us: NOON + YEAR_US,
    };
    const chain = [await signedBy(certificate, leaf, this.administrator), await signedBy(certificate, above, root)];
    this.status.set(fingerprint, { state: 'certified', chain });
    return chain;
  }
}

function raw(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob64(text), (letter) => letter.charCodeAt(0));
}

function atob64(text: string): string {
  return atob(text.replaceAll('-', '+').replaceAll('_', '/'));
}

function notes(): Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> {
  const kept = new Map<string, string>();
  return {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => void kept.set(name, value),
    removeItem: (name) => void kept.delete(name),
  };
}

/** One browser: its store and notes outlive a reload of the page. */
class Browser {
  readonly store: IdentityStore = memoryStore();
  readonly notes = notes();
  nowUs = NOON;
  later: (() => void)[] = [];

  constructor(readonly agency: TestAgency) {}

  async open(root = this.agency.root.raw): Promise<OwnDevice> {
    const own = new OwnDevice({
      secure: true,
      kind: 'officer-device',
      openStore: async () => this.store,
      agency: new AgencyClient(new Api({ origin: 'https://police.example/api/v1', fetch: this.agency.fetch })),
      root,
      nowUs: () => this.nowUs,
      notes: this.notes,
      later: (work) => {
        this.later = [work];
        return () => (this.later = []);
      },
    });
    await own.start();
    return own;
  }

  /** Lets the page look for its certificate, until `state` is there. */
  async look(own: OwnDevice, state: string): Promise<void> {
    this.later.splice(0).forEach((work) => work());
    await expect.poll(() => own.device.state).toBe(state);
  }
}

async function enrolled(name = 'Aino Example'): Promise<{ browser: Browser; own: OwnDevice; fingerprint: string }> {
  const browser = new Browser(await TestAgency.create());
  const own = await browser.open();
  await own.create(name);
  const { device } = own;
  if (device.state !== 'waiting') throw new Error(`expected to wait, not ${device.state}`);
  return { browser, own, fingerprint: device.fingerprint };
}

describe('a browser at its agency', () => {
  it('is nobody before it has a key', async () => {
    const own = await new Browser(await TestAgency.create()).open();
    expect(own.device).toEqual({ state: 'none' });
  });

  it('asks with a request that its own key has signed, and waits', async () => {
    const { browser, own, fingerprint } = await enrolled();
    expect(browser.agency.asked.get(fingerprint)?.name).toBe('Aino Example');
    expect(own.device).toMatchObject({ state: 'waiting', name: 'Aino Example' });
    expect(own.identity).toBeNull();
  });

  it('becomes the person that the certificate names, once it leads to the pinned root', async () => {
    const { browser, own, fingerprint } = await enrolled('aino');
    await browser.agency.certify(fingerprint, 'Aino Example');
    await browser.look(own, 'certified');
    expect(own.device).toMatchObject({ name: 'Aino Example', role: 'officer', fingerprint });
    expect(own.identity?.chain).toHaveLength(2);
  });

  it('waits on after a reload, with the same key', async () => {
    const { browser, fingerprint } = await enrolled();
    const again = await browser.open();
    expect(again.device).toMatchObject({ state: 'waiting', fingerprint, name: 'Aino Example' });
    expect(browser.agency.asked.size).toBe(1);
  });

  it('is known after a reload without asking anybody', async () => {
    const { browser, own, fingerprint } = await enrolled();
    await browser.agency.certify(fingerprint, 'Aino Example');
    await browser.look(own, 'certified');
    browser.agency.reachable = false;
    expect((await browser.open()).device).toMatchObject({ state: 'certified', fingerprint });
  });

  it('does not take a certificate of another root', async () => {
    const { browser, own, fingerprint } = await enrolled();
    await browser.agency.certify(fingerprint, 'Aino Example', { root: await testKey() });
    browser.later.splice(0).forEach((work) => work());
    await expect.poll(() => own.problem?.kind).toBe('corrupt');
    expect(own.device.state).toBe('waiting');
  });

  it('stops when the server names another root than the one that was pinned', async () => {
    const { browser, own, fingerprint } = await enrolled();
    await browser.agency.certify(fingerprint, 'Aino Example');
    await browser.look(own, 'certified');
    const other = await browser.open((await testKey()).raw);
    expect(other.device.state).toBe('other-root');
    expect(other.identity).toBeNull();
  });

  it('says that it was refused, and can begin again with a new key', async () => {
    const { browser, own, fingerprint } = await enrolled();
    browser.agency.status.set(fingerprint, { state: 'refused', chain: [] });
    await browser.look(own, 'refused');
    await own.forget();
    expect(own.device.state).toBe('none');
    expect(await browser.store.all()).toEqual([]);
  });

  it('says that its certificate has expired', async () => {
    const { browser, own, fingerprint } = await enrolled();
    await browser.agency.certify(fingerprint, 'Aino Example', { untilUs: NOON + 1000 });
    await browser.look(own, 'certified');
    browser.nowUs = NOON + 2000;
    expect((await browser.open()).device.state).toBe('expired');
  });

  it('says that it was revoked when a server refuses it for that', async () => {
    const { browser, own, fingerprint } = await enrolled();
    await browser.agency.certify(fingerprint, 'Aino Example');
    await browser.look(own, 'certified');
    own.refused('signal-not-active');
    expect(own.device.state).toBe('certified');
    own.refused('certificate-revoked');
    expect(own.device.state).toBe('revoked');
    expect(own.identity).toBeNull();
  });

  it('passes over the keys of other people on the same browser that were never certified', async () => {
    const browser = new Browser(await TestAgency.create());
    const stranger: Identity = await createIdentity(browser.store, 'old', NOON);
    expect((await browser.open()).device.state).toBe('none');
    expect(stranger.chain).toEqual([]);
  });
});

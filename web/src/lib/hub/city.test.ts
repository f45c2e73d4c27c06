import { beforeAll, describe, expect, it } from 'vitest';
import { ids, NOON, testKey, TestSite } from '../secure/testing/site';
import type { TrustedNode } from '../secure/chain';
import { City } from './city';
import { openingsOf, opensFromUs, signalEndUs, type Opening } from './openings';
import { signalOf, siteOf } from './testing/city';

let site: TestSite;
beforeAll(async () => {
  site = await TestSite.create();
});

async function city(): Promise<City> {
  const made = new City();
  await made.trust(new Map([[ids.node, [site.trusted]]]));
  return made;
}

describe('a site that the hub tells of', () => {
  it('is there when its own node has signed it', async () => {
    const made = await city();
    await made.site(await siteOf(site));
    expect(made.sites.get(ids.node)?.registration.name).toBe('Kallio school');
    expect(made.unverified.size).toBe(0);
  });

  it('is left out and counted when somebody else has signed it', async () => {
    const made = await city();
    await made.site(await siteOf(site, {}, await testKey()));
    expect(made.sites.size).toBe(0);
    expect(made.unverified.get(ids.node)).toBe('unknown-key');
  });

  it('is left out when it speaks for another node', async () => {
    const made = await city();
    await made.site(await siteOf(site, { node: ids.agency }));
    expect(made.unverified.get(ids.node)).toBe('not-ours');
  });

  it('comes in with its signals once an agreement with its node is there', async () => {
    const made = new City();
    await made.site(await siteOf(site));
    await made.signal(ids.node, await signalOf(site));
    expect(made.unverified.get(ids.node)).toBe('unknown-key');
    await made.trust(new Map([[ids.node, [site.trusted]]]));
    expect(made.sites.get(ids.node)?.signals.get('intrusion')?.state).toBe('raised');
    expect(made.unverified.size).toBe(0);
  });

  it('goes when the agreement with its node has gone', async () => {
    const made = await city();
    await made.site(await siteOf(site));
    await made.trust(new Map());
    expect(made.sites.size).toBe(0);
  });

  it('keeps its newest registration when the hub tells an older one', async () => {
    const made = await city();
    await made.site(await siteOf(site, { serial: 2, name: 'New name' }));
    await made.site(await siteOf(site, { serial: 1 }));
    expect(made.sites.get(ids.node)?.registration.name).toBe('New name');
  });
});

describe('a signal', () => {
  it('counts when the node has signed it', async () => {
    const made = await city();
    await made.site(await siteOf(site));
    expect(await made.signal(ids.node, await signalOf(site))).toMatchObject({ state: 'raised' });
  });

  it('counts for nothing when the hub made it up', async () => {
    const made = await city();
    await made.site(await siteOf(site));
    expect(await made.signal(ids.node, await signalOf(site, {}, await testKey()))).toBeNull();
    expect(made.sites.get(ids.node)?.signals.size).toBe(0);
    expect(made.unverified.get(ids.node)).toBe('unknown-key');
  });

  it('is not raised again by an old message after it was cleared', async () => {
    const made = await city();
    await made.site(await siteOf(site));
    await made.signal(ids.node, await signalOf(site, { sequence: 2, state: 'cleared', cleared_us: NOON + 1 }));
    await made.signal(ids.node, await signalOf(site, { sequence: 1 }));
    expect(made.sites.get(ids.node)?.signals.get('intrusion')?.state).toBe('cleared');
  });
});

describe('what opens a camera', () => {
  const wish = { role: 'officer', view: 'live', nowUs: NOON + 1_000_000 } as const;

  async function opening(signal: Parameters<typeof signalOf>[1] | null, changes: Partial<Parameters<typeof openingsOf>[2]> = {}): Promise<Opening | null> {
    const made = await city();
    await made.site(await siteOf(site));
    if (signal) await made.signal(ids.node, await signalOf(site, signal));
    return openingsOf(made.sites.get(ids.node)!, ids.camera, { ...wish, ...changes })[0] ?? null;
  }

  it('is an alarm that is up, and for a while after it cleared', async () => {
    expect((await opening({}))?.how).toBe('now');
    const cleared = { state: 'cleared', cleared_us: NOON, sequence: 2 };
    expect((await opening(cleared))?.how).toBe('now');
    expect((await opening(cleared, { nowUs: NOON + 300_000_000 }))?.how).toBe('alarm');
  });

  it('is nothing without an alarm, and a test is none', async () => {
    expect((await opening(null))?.how).toBe('alarm');
    expect((await opening({ test: true }))?.how).toBe('alarm');
  });

  it('ends with the lease of an alarm that nobody renews, and its linger', async () => {
    const found = (await opening({}))!;
    expect(signalEndUs(found.clause, found.signal!)).toBe(NOON + 600_000_000);
    expect((await opening({}, { nowUs: NOON + 600_000_000 }))?.how).toBe('alarm');
  });

  it('opens recordings from ten minutes before the first raise', async () => {
    expect(opensFromUs((await opening({}))!, wish.nowUs)).toBe(NOON - 600_000_000);
  });

  it('is nothing for a role that the agreement does not name', async () => {
    expect(await opening({}, { role: 'analyst' })).toBeNull();
  });

  it('is nothing after the agreement has ended', async () => {
    expect(await opening({}, { nowUs: NOON + 86_400_000_000 })).toBeNull();
  });
});

describe('redacted or clear', () => {
  const wish = { role: 'officer', view: 'live', nowUs: NOON + 1_000_000 } as const;
  type Clause = TrustedNode['agreement']['clauses'][number];
  const byAlarm = { type: 'signal', signal: 'intrusion', linger_s: 300, test_opens: false } as const;
  const byOwner = { type: 'request', approvals: 1, answer_within_s: 900 } as const;

  /** What is taken first, and everything in order, where an agreement has these clauses. */
  async function order(raised: boolean | 'unmasks', ...clauses: readonly Partial<Clause>[]): Promise<readonly string[]> {
    const made = await city();
    await made.site(await siteOf(site));
    if (raised) await made.signal(ids.node, await signalOf(site));
    const told = made.sites.get(ids.node)!;
    const [node] = told.agreements as [TrustedNode];
    const [first] = node.agreement.clauses as [Clause];
    const written = clauses.map((changes) => ({ ...first, ...changes }));
    const agreements = [{ ...node, agreement: { ...node.agreement, clauses: written } }];
    const unmasks = raised === 'unmasks';
    return openingsOf({ ...told, agreements }, ids.camera, { ...wish, unmasks }).map(({ how, clause }) => `${how} ${clause.rendition}`);
  }

  it('is clear where an alarm opens clear by itself', async () => {
    expect(await order(true, { rendition: 'redacted', when: byAlarm }, { rendition: 'clear', when: byAlarm })).toEqual([
      'now clear',
      'now redacted',
    ]);
  });

  it('is redacted at once where an alarm opens that, whatever may be asked for', async () => {
    expect(await order(true, { rendition: 'clear', when: byOwner }, { rendition: 'redacted', when: byAlarm })).toEqual([
      'now redacted',
      'request clear',
    ]);
  });

  it('is asked for redacted first, clear second', async () => {
    expect(await order(false, { rendition: 'clear', when: byOwner }, { rendition: 'redacted', when: byOwner })).toEqual([
      'request redacted',
      'request clear',
    ]);
  });

  it('is asked for where an alarm that would open more is not up', async () => {
    expect(await order(false, { rendition: 'clear', when: byAlarm }, { rendition: 'redacted', when: byOwner })).toEqual([
      'request redacted',
      'alarm clear',
    ]);
  });

  it('never is one person of a recording: that right is asked for by itself', async () => {
    const clauses: readonly Partial<Clause>[] = [{ rendition: 'unmasked', when: byOwner }];
    expect(await order(true, ...clauses)).toEqual([]);
    expect(await order('unmasks', { rendition: 'redacted', when: byOwner }, ...clauses)).toEqual(['request unmasked']);
  });
});

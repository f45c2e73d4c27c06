import axe from 'axe-core';
import { flushSync, type Component } from 'svelte';
import { afterEach, describe, expect, it } from 'vitest';
import { ready } from '$lib/loadable';
import type { Asked } from '$lib/node/asked';
import type { Look } from '$lib/node/looked';
import { stage, type Staged } from '../../dev/stage';
import { ownerPage } from '../../dev/owner-samples';
import { grouped } from './groups';
import LookLine from './LookLine.svelte';
import Requests from './Requests.svelte';
import { Site, type Waiting } from './site.svelte';
import { watchers } from './visits';
import Watching from './Watching.svelte';

const THIS_DEVICE = 'this device';
const FROM = Date.parse('2026-03-04T11:58:00Z') * 1000;
const UNTIL = FROM + 60_000_000;

class PairedSite extends Site {
  override get device(): string {
    return THIS_DEVICE;
  }
}

let shown: Staged | undefined;
afterEach(() => {
  shown?.close();
  shown = undefined;
});

function show(part: unknown, props: Record<string, unknown>): HTMLElement {
  shown = stage(part as Component<Record<string, unknown>>, props);
  flushSync();
  return shown.element;
}

const words = (element: HTMLElement): string => (element.textContent ?? '').replace(/\s+/g, ' ');

async function violations(element: HTMLElement): Promise<string[]> {
  const off = { enabled: false };
  const found = await axe.run(element, { rules: { 'color-contrast': off, region: off, 'label-content-name-mismatch': off } });
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`);
}

/** A request to see one person at the gate, with these devices' yes. */
function asks(approvals: readonly string[], changes: Partial<Asked> = {}): Waiting {
  const { site } = ownerPage();
  const [first] = site.requests.state === 'ready' ? site.requests.value : [];
  if (!first?.asked) throw new Error('the samples have a request');
  const one = {
    view: 'recorded', rendition: 'unmasked', track: 12, trackKind: 'person', approvals: 2, comment: 'took the bicycle', fromUs: FROM, untilUs: UNTIL,
  } as const;
  const asked = { ...first.asked, ...one, ...changes };
  return { question: { ...first.question, camera_name: 'Gate', request: asked.request, approvals: [...approvals] }, asked, distrust: '' };
}

function inbox(...waiting: readonly Waiting[]): HTMLElement {
  const site = new PairedSite();
  site.requests = ready(waiting);
  return show(Requests, { site });
}

function yes(element: HTMLElement): HTMLButtonElement {
  return element.querySelector('button.primary') as HTMLButtonElement;
}

describe('a request for one person', () => {
  it('says whom, when and where, and the stated reason', async () => {
    const element = inbox(asks([]));
    const said = words(element);
    expect(said).toContain('A. Example, officer, City Police, asks that person 12 becomes clear');
    expect(said).toMatch(/in recordings from .*\d\d:58:00 to \d\d:59:00 at Gate\s+Only one clear/);
    expect(said).toContain('The reason they state: “took the bicycle”');
    expect(said).toContain('everybody else stays covered');
    expect(await violations(element)).toEqual([]);
  });

  it.each([['vehicle', 'vehicle 12'], ['face', 'person 12'], [null, 'person or vehicle 12']] as const)(
    'says what they saw: %s',
    (trackKind, said) => {
      const card = words(inbox(asks([], { trackKind })));
      expect(card).toContain(`City Police, asks that ${said} becomes clear`);
      expect(card).toContain(trackKind === 'vehicle' ? 'people and other vehicles stay covered' : 'everybody else stays covered');
    },
  );

  it('says that one device alone opens nothing, and which yes is missing', () => {
    const alone = inbox(asks([]));
    expect(words(alone)).toContain('2 of your devices must agree. Your yes alone opens nothing; another device must agree too.');
    expect(yes(alone).disabled).toBe(false);
    shown?.close();
    const second = inbox(asks(['another device']));
    expect(words(second)).toContain('Another of your devices has agreed. With your yes it opens.');
    expect(yes(second).disabled).toBe(false);
    shown?.close();
    const given = inbox(asks([THIS_DEVICE]));
    expect(words(given)).toContain('This device has agreed. Another of your devices must agree too.');
    expect(yes(given).disabled).toBe(true);
  });

  it('says nothing of other devices where one yes opens', () => {
    expect(words(inbox(asks([], { approvals: 1 })))).not.toContain('devices');
  });

  it('is a question of its own: the same number elsewhere is somebody else', () => {
    const pair = [asks([]), asks([], { request: 'another', camera: 'elsewhere' })];
    expect(grouped(pair).groups).toHaveLength(2);
    expect(grouped([asks([]), asks([], { request: 'another', track: 13 })]).groups).toHaveLength(2);
  });
});

describe('who sees one person clear', () => {
  it('is said of those who look now', () => {
    const { site } = ownerPage();
    const [grant] = site.now.state === 'ready' ? site.now.value.grants : [];
    const [watcher] = watchers(grant ? [{ ...grant, view: 'recorded', rendition: 'unmasked' }] : []);
    const said = words(show(Watching, { site, watcher }));
    expect(said).toMatch(/looks at recordings of Main entrance\s+Only one clear/);
  });

  it('is said of those who looked, with the person’s number and the reason', async () => {
    const { site } = ownerPage();
    const lines = site.looked.state === 'ready' ? site.looked.value : [];
    const look = lines.find((line): line is Look => line.kind === 'look');
    const range = { fromUs: FROM, untilUs: UNTIL };
    const line = { ...look, view: 'recorded', rendition: 'unmasked', track: 12, trackKind: 'person', range, camera: 'Gate', comment: 'took the bicycle' };
    const element = show(LookLine, { line });
    expect(words(element)).toMatch(/saw person 12 in recordings of Gate from .*\d\d:58:00 to \d\d:59:00\s+Only one clear/);
    expect(words(element)).toContain('took the bicycle');
    expect(await violations(element)).toEqual([]);
    shown?.close();
    expect(words(show(LookLine, { line: { ...line, trackKind: 'vehicle' } }))).toContain('saw vehicle 12 in recordings of Gate');
    shown?.close();
    expect(words(show(LookLine, { line: { ...line, trackKind: null } }))).toContain('saw person or vehicle 12 in');
  });
});

import axe from 'axe-core';
import { flushSync, type Component } from 'svelte';
import { afterEach, describe, expect, it } from 'vitest';
import { ready } from '$lib/loadable';
import { stage, type Staged } from '../../dev/stage';
import { agency, ownerPage } from '../../dev/owner-samples';
import PeopleScreen from '../admin/People.svelte';
import PendingScreen from '../admin/Pending.svelte';
import Alarm from './Alarm.svelte';
import CloseEverything from './CloseEverything.svelte';
import { grouped } from './groups';
import Looks from './Looks.svelte';
import type { PageModel } from './page.svelte';
import Pairing from './Pairing.svelte';
import Requests from './Requests.svelte';
import Start from './Start.svelte';

let shown: Staged | undefined;
afterEach(() => {
  shown?.close();
  shown = undefined;
});

function show(part: unknown, props: Record<string, unknown>): HTMLElement {
  shown = stage(part as Component<Record<string, unknown>>, props);
  shown.now.ms = Date.now();
  flushSync();
  return shown.element;
}

const words = (element: HTMLElement): string => (element.textContent ?? '').replace(/\s+/g, ' ');

/** Rules that need no layout; colours and sizes are held elsewhere. */
async function violations(element: HTMLElement): Promise<string[]> {
  const off = { enabled: false };
  const rules = { 'color-contrast': off, region: off, 'label-content-name-mismatch': off };
  const found = await axe.run(element, { rules });
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`);
}

describe('the first page', () => {
  it('says at one glance whether an alarm is up, who looks and what records', async () => {
    const { site, device } = ownerPage();
    const element = show(Start, { site, device: device?.device, alarm: '/owner/alarm' });
    const said = words(element);
    expect(said).toContain('Alarm: intrusion');
    expect(said).toContain('A. Example, officer, City Police');
    expect(said).toContain('sees Main entrance live');
    expect(said).toContain('For an emergency: Intrusion alarm at Harbour School');
    expect(said).toMatch(/closes in 0[78]:\d\d unless the alarm goes on/);
    expect(said).toContain('Not recording');
    expect(said).toContain('it is tried again in 20 s');
    expect(await violations(element)).toEqual([]);
  });

  it('leaves out an incident’s name that only repeats the purpose', () => {
    const { site, device } = ownerPage();
    const now = site.now.state === 'ready' ? site.now.value : null;
    if (now) site.now = ready({ ...now, grants: now.grants.map((grant) => ({ ...grant, incident_title: 'Emergency' })) });
    const said = words(show(Start, { site, device: device?.device, alarm: '/' }));
    expect(said).toContain('For an emergency');
    expect(said).not.toContain('For an emergency:');
  });

  it('says that nobody looks, and never shows a zero', () => {
    const { site, device } = ownerPage();
    const now = site.now.state === 'ready' ? site.now.value : null;
    if (now) site.now = ready({ ...now, grants: [], signals: [] });
    const said = words(show(Start, { site, device: device?.device, alarm: '/' }));
    expect(said).toContain('Nobody is looking');
    expect(said).toContain('No alarm');
  });
});

describe('the alarm panel', () => {
  it('says what opens, for whom and until when before it is raised', async () => {
    const { site } = ownerPage();
    const now = site.now.state === 'ready' ? site.now.value : null;
    if (now) site.now = ready({ ...now, signals: [] });
    const element = show(Alarm, { site });
    const said = words(element);
    expect(said).toContain('City Police: officers and dispatchers can see all 3 cameras, live and recorded.');
    expect(said).toContain('Recordings open from 10 minutes before');
    expect(said).toContain('It stays open for 5 minutes after');
    expect(said).toContain('No single view lasts longer than 2 hours');
    expect(said).toContain('Clear: faces can be recognised.');
    expect(said).toContain('When you say yes');
    expect(said).toContain('City Police: officers may ask to see all 3 cameras, live. Redacted');
    expect(said).toContain('2 of your devices say yes each time.');
    expect([...element.querySelectorAll('button')].map((button) => button.textContent?.trim())).toEqual(['Raise the alarm', 'Send a test']);
    expect(await violations(element)).toEqual([]);
  });
});

describe('the inbox', () => {
  it('puts one person’s cameras into one question, and what cannot be believed apart', async () => {
    const { site } = ownerPage();
    const waiting = site.requests.state === 'ready' ? site.requests.value : [];
    const { groups, distrusted } = grouped(waiting);
    expect(groups.map(({ members }) => members.length)).toEqual([2]);
    expect(distrusted).toHaveLength(1);
    const element = show(Requests, { site });
    const said = words(element);
    expect(said).toContain('A. Example, officer, City Police, asks to see');
    expect(said).toContain('Person fell at the platform edge, 120 m from you');
    expect(said).toContain('A request that cannot be believed');
    expect(await violations(element)).toEqual([]);
  });

  it('says how many of how many open, and for how long', () => {
    const { site } = ownerPage();
    const element = show(Requests, { site });
    const button = (): string => element.querySelector('button.primary')?.textContent?.trim() ?? '';
    expect(button()).toBe('Open for 10 minutes');
    element.querySelectorAll<HTMLInputElement>('input[type=checkbox]')[1]?.click();
    element.querySelectorAll<HTMLInputElement>('input[type=radio]')[1]?.click();
    flushSync();
    expect(button()).toBe('Open 1 of 2 for 30 minutes');
  });
});

describe('who looked', () => {
  it('shows looks and refusals with their proofs, and an alarm where a proof does not hold', async () => {
    const { site } = ownerPage();
    const element = show(Looks, { site });
    const said = words(element);
    expect(said).toContain('It continues all 38 entries that this device saw before.');
    expect(said).toContain('Proved in your log, entries 12 and 31');
    expect(said).toContain('Refused because the alarm is over');
    const alarm = element.querySelector('[role=alert]');
    expect(alarm?.textContent).toContain('not in your log as shown');
    expect(await violations(element)).toEqual([]);
  });

  it('is drowned out by a log that was changed', () => {
    const { site } = ownerPage();
    site.log = { state: 'broken', reason: 'the log became shorter', kept: 'a', shown: 'b' };
    const element = show(Looks, { site });
    expect(element.querySelector('[role=alert]')?.textContent).toContain('Your log was changed');
    expect(words(element)).not.toContain('It continues all');
  });
});

describe('closing everything', () => {
  it('asks once, then says what came of it', async () => {
    const { site } = ownerPage();
    const dialogs = HTMLDialogElement.prototype;
    dialogs.showModal ??= function (this: HTMLDialogElement) {
      this.open = true;
    };
    dialogs.close ??= function (this: HTMLDialogElement) {
      this.open = false;
    };
    const element = show(CloseEverything, { site });
    element.querySelector('button')?.click();
    flushSync();
    expect(words(element)).toContain('Your cameras go on recording.');
    [...element.querySelectorAll('button')].at(-1)?.click();
    await Promise.resolve();
    await new Promise((resolve) => setTimeout(resolve));
    flushSync();
    expect(words(element)).toContain('This did not reach your site');
  });
});

describe('pairing', () => {
  it('shows the whole fingerprint as it is typed, and the command for the root', async () => {
    const page = ownerPage();
    const fingerprint = '-f3cAkl_I0OdeE7wQz1b_4mTnXyPq2RsVuWcHjKfLg8';
    const device = { ...page.device, device: { state: 'waiting', name: 'M. "X" Example', fingerprint, request: '{}' } } as PageModel['device'];
    const settings = page.settings.state === 'ready' ? page.settings.value : null;
    const element = show(Pairing, { device, settings });
    const groups = [...element.querySelectorAll('code span')].map((group) => group.textContent);
    expect(groups.join('')).toBe(fingerprint);
    expect(element.querySelector('pre')?.textContent).toContain(`--name "M. X Example" --fingerprint=${fingerprint}`);
    expect(await violations(element)).toEqual([]);
  });
});

describe('the owner’s root', () => {
  const print = '-f3cAkl_I0OdeE7wQz1b_4mTnXyPq2RsVuWcHjKfLg8';
  const other = `${print.slice(0, -1)}9`;

  function pairing(state: unknown, more: Record<string, unknown> = {}): HTMLElement {
    const page = ownerPage();
    const settings = page.settings.state === 'ready' ? page.settings.value : null;
    return show(Pairing, { device: { ...page.device, device: state, ...more }, settings });
  }

  it('is compared group by group before anything can be typed', async () => {
    const said: boolean[] = [];
    const state = { state: 'none', root: print, vouched: false };
    const element = pairing(state, { compared: (same: boolean) => said.push(same) });
    expect(element.querySelector('input')).toBeNull();
    expect([...element.querySelectorAll('code span')].map((group) => group.textContent).join('')).toBe(print);
    for (const button of element.querySelectorAll('button')) button.click();
    expect(said).toEqual([true, false]);
    expect(await violations(element)).toEqual([]);
  });

  it('is named where the link has vouched for it, and the code is filled in', async () => {
    const element = pairing({ state: 'none', root: print, vouched: true }, { code: 'ABCDE23456' });
    expect(element.querySelector<HTMLInputElement>('input.code')?.value).toBe('ABCDE23456');
    expect(words(element)).toContain('The owner’s root was checked');
    expect(await violations(element)).toEqual([]);
  });

  it('is refused loudly when it is another one, with no way on', async () => {
    const element = pairing({ state: 'wrong-root', root: other, expected: print });
    expect(element.querySelector('[role=alert]')?.textContent).toContain('This is not your owner’s root');
    expect(element.querySelectorAll('code')).toHaveLength(2);
    expect(element.querySelector('button, input')).toBeNull();
    expect(await violations(element)).toEqual([]);
  });
});

describe('the administrators’ screens', () => {
  it('certify nobody before the groups have been compared', async () => {
    const element = show(PendingScreen, { agency: agency() });
    const certify = element.querySelector<HTMLButtonElement>('button.primary');
    expect(certify?.disabled).toBe(true);
    element.querySelector<HTMLInputElement>('input[type=checkbox]')?.click();
    flushSync();
    expect(certify?.disabled).toBe(false);
    expect(await violations(element)).toEqual([]);
  });

  it('name everybody with their devices, and what of them still counts', async () => {
    const element = show(PeopleScreen, { agency: agency() });
    const said = words(element);
    expect(said).toContain('A. Example Officer 2 devices');
    expect(said).toContain('revoked');
    expect(said).toContain('Only one device.');
    expect(await violations(element)).toEqual([]);
  });
});

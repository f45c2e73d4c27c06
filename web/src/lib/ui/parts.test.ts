import { flushSync, type Component } from 'svelte';
import { afterEach, describe, expect, it } from 'vitest';
import type { Loadable } from '$lib/loadable';
import { CAMERA_STATES } from '$lib/types';
import { stage, text, type Staged } from '../../../dev/stage';
import Button from './Button.svelte';
import CameraGlyph from './CameraGlyph.svelte';
import Countdown from './Countdown.svelte';
import Fingerprint from './Fingerprint.svelte';
import Legend from './Legend.svelte';
import Loaded from './Loaded.svelte';
import LocaleSwitch from './LocaleSwitch.svelte';
import Row from './Row.svelte';
import ToastRegion from './ToastRegion.svelte';

let shown: Staged | undefined;
afterEach(() => {
  shown?.close();
  shown = undefined;
});

function show<P extends Record<string, unknown>>(part: Component<P>, props: P): HTMLElement {
  shown = stage(part, props);
  return shown.element;
}

describe('a camera sign', () => {
  it('has a shape of its own for each state, so that colour is not needed', () => {
    const shapes = CAMERA_STATES.map((state) => {
      const element = show(CameraGlyph, { state });
      const drawn = element.querySelector('svg')!.innerHTML.replace(/class="[^"]*"/g, '');
      shown!.close();
      return drawn;
    });
    expect(new Set(shapes).size).toBe(CAMERA_STATES.length);
  });

  it('is explained in words', () => {
    const element = show(Legend, {});
    expect(element.textContent).toContain('Only during alarm');
    expect(element.querySelectorAll('li')).toHaveLength(4);
  });
});

describe('a countdown', () => {
  const words = (left: string): string => `closes in ${left}`;

  it('says how long, then that it is over, and never less than nothing', () => {
    const until = '2026-03-04T12:01:30Z';
    const element = show(Countdown, { until, words, over: 'Access is closed' });
    expect(element.textContent!.trim()).toBe('closes in 01:30');
    shown!.now.ms += 200_000;
    flushSync();
    expect(element.textContent!.trim()).toBe('Access is closed');
  });
});

describe('what comes from elsewhere', () => {
  const idle = { title: 'Not loaded', why: 'Not enrolled.' };
  const children = text('the list') as never;
  const loaded = Loaded as unknown as Component<Record<string, unknown>>;

  it.each<[Loadable<string>, string]>([
    [{ state: 'idle' }, 'Not enrolled.'],
    [{ state: 'loading' }, 'Loading'],
    [{ state: 'ready', value: '' }, 'the list'],
    [{ state: 'denied', denial: { reason: 'no-alarm', sentence: '' } }, 'no-alarm'],
    [{ state: 'denied', denial: { reason: 'no-alarm', sentence: 'No alarm is up.' } }, 'No alarm is up.'],
    [
      { state: 'failed', problem: { kind: 'offline', status: 0, title: '', detail: 'x' } },
      'Cameras go on recording',
    ],
    [
      { state: 'failed', problem: { kind: 'conflict', status: 409, title: '', detail: 'Read it again.' } },
      'Read it again.',
    ],
  ])('is said in words: %o', (of, said) => {
    expect(show(loaded, { of, idle, children }).textContent).toContain(said);
  });

  it('is announced when it went wrong, not when it is merely empty', () => {
    const problem = { kind: 'unavailable', status: 503, title: 't', detail: '' } as const;
    expect(show(loaded, { of: { state: 'failed', problem }, idle, children }).querySelector('[role=alert]')).not.toBeNull();
    shown!.close();
    expect(show(loaded, { of: { state: 'idle' }, idle, children }).querySelector('[role=alert]')).toBeNull();
  });
});

describe('a button', () => {
  it('cannot be pressed twice while it works, and keeps its words', () => {
    let pressed = 0;
    const element = show(Button as unknown as Component<Record<string, unknown>>, {
      busy: true,
      onclick: () => (pressed += 1),
      children: text('Ask'),
    });
    const button = element.querySelector('button')!;
    button.click();
    expect(pressed).toBe(0);
    expect(button.textContent).toContain('Ask');
    expect(button.getAttribute('aria-busy')).toBe('true');
  });

  it('hides its key from those who cannot see a keyboard', () => {
    const element = show(Button as unknown as Component<Record<string, unknown>>, {
      key: 'R',
      children: text('Ask'),
    });
    expect(element.querySelector('kbd')!.getAttribute('aria-hidden')).toBe('true');
  });
});

describe('a row', () => {
  it('is a link, a button or plain text, as its use demands', () => {
    expect(show(Row, { title: 'Gate', href: '/x', current: true }).querySelector('a')!.getAttribute('aria-current')).toBe('true');
    shown!.close();
    expect(show(Row, { title: 'Gate', onclick: () => {} }).querySelector('button')).not.toBeNull();
    shown!.close();
    expect(show(Row, { title: 'Gate' }).querySelector('a, button')).toBeNull();
  });
});

describe('a fingerprint', () => {
  it('is shown whole, in groups of four', () => {
    const element = show(Fingerprint, { value: '9f3c:1a77:20be' });
    expect([...element.querySelectorAll('span')].map((group) => group.textContent)).toEqual(['9f3c', '1a77', '20be']);
  });
});

describe('a message', () => {
  it('is put where screen readers listen, and at most four stand at once', () => {
    const element = show(ToastRegion, {});
    for (let count = 0; count < 6; count++) shown!.toasts.show(`message ${count}`);
    flushSync();
    const region = element.querySelector('[role=status]')!;
    expect(region.querySelectorAll('p')).toHaveLength(4);
    expect(region.textContent).toContain('message 5');
  });
});

describe('the switch of languages', () => {
  it('names each language in that language', () => {
    const options = [...show(LocaleSwitch, {}).querySelectorAll('option')];
    expect(options.map((option) => [option.lang, option.textContent])).toEqual([
      ['en', 'English'],
      ['fi', 'Suomi'],
    ]);
  });
});

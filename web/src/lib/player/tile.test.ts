import axe from 'axe-core';
import { flushSync } from 'svelte';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { stage, type Staged } from '../../../dev/stage';
import { FRAME_EVENT } from './screen';
import Tile from './Tile.svelte';
import type { TileKind, TileState } from './tile-state';
import { coverIn, reasonIn, stoppedIn, tileWords } from './words';

let shown: Staged | undefined;
afterEach(() => {
  shown?.close();
  shown = undefined;
});

function show(tile: TileState, more: Record<string, unknown> = {}): HTMLElement {
  const props = { owner: 'Kallio school', camera: 'Gate', rendition: 'clear', viewer: 'A. Virtanen', closesUs: null, tile, ...more };
  shown = stage(Tile as never, props as never);
  return shown.element;
}

function figure(element: HTMLElement): HTMLElement {
  return element.querySelector('figure') as HTMLElement;
}

const states: Readonly<Record<TileKind, TileState>> = {
  asking: { kind: 'asking' },
  'to-ask': { kind: 'to-ask', open: null },
  preparing: { kind: 'preparing' },
  pending: { kind: 'pending', answerByUs: null },
  denied: { kind: 'denied', reason: 'signal-not-active', explanation: '' },
  failed: { kind: 'failed', code: 'unreachable' },
  connecting: { kind: 'connecting' },
  checking: { kind: 'checking' },
  live: { kind: 'live', ageMs: 120.4 },
  'not-live': { kind: 'not-live', ageMs: 4300 },
  seeking: { kind: 'seeking', wallUs: 1_790_000_000_000_000 },
  recorded: { kind: 'recorded', wallUs: 1_790_000_000_123_000, playing: false, gap: false },
  empty: { kind: 'empty' },
  'cannot-play': { kind: 'cannot-play', family: 'h265' },
  ended: { kind: 'ended', reason: 'owner-closed' },
};

describe('a tile in every state', () => {
  it.each(Object.values(states).map((state) => [state.kind, state] as const))('%s: says owner, camera, rendition and viewer', (kind, state) => {
    const element = show(state);
    expect(figure(element).dataset['state']).toBe(kind);
    expect(element.querySelector('figcaption')?.textContent).toMatch(/Gate.*Kallio school.*Clear/s);
    expect(element.querySelector<HTMLElement>('[data-watermark]')?.dataset['watermark']).toMatch(/^A\. Virtanen · \d\d:\d\d:\d\d$/);
    expect(element.querySelector('.picture')?.textContent?.trim()).not.toBe('');
  });

  it('is live with its age, and not live in words that cannot be missed', () => {
    expect(figure(show(states.live)).dataset).toMatchObject({ liveAgeMs: '120', authentic: 'unknown' });
    shown?.close();
    expect(show(states['not-live']).textContent).toContain('NOT LIVE, 4 s');
  });

  it('gives recorded time to the millisecond', () => {
    expect(show(states.recorded).textContent).toMatch(/Recorded \d\d:\d\d:\d\d\.123/);
  });

  it('hides the picture when access is denied or over, and says why', () => {
    const element = show(states.ended);
    expect(element.querySelector('canvas')?.className).toContain('hidden');
    expect(element.textContent).toContain('The owner closed access.');
    expect(element.querySelector('figcaption')?.textContent).toContain('Was: Clear');
  });

  it('says that the owner has to be asked, and asks only when told to', () => {
    let asked = 0;
    const element = show(states['to-ask'], { onAsk: () => (asked += 1) });
    expect(element.textContent).toContain('The owner must approve looking back');
    expect(asked).toBe(0);
    element.querySelector<HTMLButtonElement>('.notice button')?.click();
    expect(asked).toBe(1);
    shown?.close();
    const open = { fromUs: 1_790_000_000_000_000, untilUs: 1_790_000_060_000_000 };
    expect(show({ kind: 'to-ask', open }).textContent).toMatch(/They approved \d\d:\d\d:\d\d to \d\d:\d\d:\d\d\. They can be asked again/);
  });

  it('marks what is not authentic', () => {
    const element = show(states.live, { authentic: 'no' });
    expect(figure(element).dataset['authentic']).toBe('no');
    expect(element.textContent).toContain('not for evidence');
  });
});

describe('a redacted tile', () => {
  const redacted = { rendition: 'redacted' };

  it('says that it is, and why more is covered, in words', () => {
    const element = show(states.live, { ...redacted, redaction: { state: 'whole', reason: 'camera-moved' } });
    expect(figure(element).dataset).toMatchObject({ rendition: 'redacted', redaction: 'whole' });
    expect(element.querySelector('figcaption')?.textContent).toContain('Redacted');
    expect(element.querySelector('.cover')?.textContent).toBe(
      'Whole picture covered: the camera moved. It opens again when the picture is calm.',
    );
    shown?.close();
    const calm = show(states.live, { ...redacted, redaction: { state: 'normal', reason: '' } });
    expect(calm.querySelector('.cover')?.textContent).toBe('');
    expect(figure(calm).dataset['redaction']).toBeUndefined();
  });

  it('is live with how far behind it is, from one second on', () => {
    expect(show({ kind: 'live', ageMs: 2400 }, redacted).textContent).toContain('LIVE, 2 s behind');
    shown?.close();
    expect(show({ kind: 'live', ageMs: 700 }, redacted).textContent).not.toContain('behind');
    shown?.close();
    expect(show({ kind: 'live', ageMs: 1500 }).textContent).not.toContain('behind');
  });

  it('says that a recording is being prepared at the site, with and without a first picture', () => {
    expect(show(states.preparing, { ...redacted, preparing: true }).textContent).toContain('People are covered there before a picture leaves');
    shown?.close();
    expect(show(states.connecting, redacted).textContent).toContain('The site starts to cover people');
    shown?.close();
    const recorded = { kind: 'recorded', wallUs: 1_790_000_000_123_000, playing: false, gap: true } as const;
    const element = show(recorded, { ...redacted, preparing: true });
    expect(element.textContent).toContain('the last one ready so far');
    expect(element.textContent).toContain('Being prepared at the site');
    expect(element.querySelector('canvas')?.className).not.toContain('hidden');
  });

  it('asks for the clear picture in two steps, the second of which says what it means', () => {
    let asked = 0;
    const clearer = { how: 'request', state: null, ask: () => (asked += 1) };
    const element = show(states.live, { ...redacted, clearer });
    const press = (words: string): void => {
      const button = [...element.querySelectorAll('button')].find((each) => each.textContent?.includes(words));
      button?.click();
      flushSync();
    };
    press('Ask for the clear picture');
    expect(asked).toBe(0);
    expect(element.textContent).toContain('The owner decides, and their log keeps who asked and why.');
    press('Stay with redacted');
    press('Ask for the clear picture');
    press('Ask the owner');
    expect(asked).toBe(1);
    expect(element.textContent).not.toContain('The owner decides');
  });

  it('says how asking for the clear picture stands', () => {
    const at = Date.parse('2026-03-04T12:01:30Z') * 1000;
    const clearer = (state: unknown) => ({ ...redacted, clearer: { how: 'request', state, ask: () => undefined } });
    const waits = show(states.live, clearer({ kind: 'pending', answerByUs: at }));
    expect(waits.textContent).toMatch(/waiting for the owner\s+refused by itself in 01:30/);
    expect(waits.querySelector('[data-action=clear]')).toBeNull();
    shown?.close();
    const refused = show(states.live, clearer({ kind: 'denied', reason: 'approval-refused', explanation: '' }));
    expect(refused.textContent).toContain('No clear picture. The owner said no.');
    expect(refused.querySelector('[data-action=clear]')).not.toBeNull();
  });

  it('can be used by everybody', async () => {
    const off = { enabled: false };
    const rules = { 'color-contrast': off, region: off };
    for (const state of [null, { kind: 'pending', answerByUs: null }]) {
      const clearer = { how: 'now', state, ask: () => undefined };
      const element = show(states.live, { ...redacted, redaction: { state: 'more', reason: 'settling' }, clearer, onClose: () => undefined });
      element.querySelector<HTMLButtonElement>('[data-action=clear]')?.click();
      flushSync();
      const { violations } = await axe.run(element, { rules });
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)).toEqual([]);
      shown?.close();
    }
  });

  it('says that the rest of a recording will not come, and lets it be asked for again', () => {
    const onAgain = vi.fn();
    const element = show(states.recorded, { ...redacted, stopped: 'redaction-failed', onAgain });
    expect(figure(element).dataset['stopped']).toBe('redaction-failed');
    const said = element.querySelector('.cover');
    expect(said?.textContent).toContain('Covering people has failed at the site.');
    said?.querySelector('button')?.click();
    expect(onAgain).toHaveBeenCalledOnce();
  });

  it('says in the place of the picture why none of a recording could be made', () => {
    const element = show({ kind: 'failed', code: 'redaction-left' }, { ...redacted, stopped: 'redaction-left' });
    expect(element.querySelector('.notice')?.textContent).toContain('the site did not make this one');
    expect(element.querySelector('.cover')?.textContent.trim()).toBe('');
  });

  it('knows every word with which a site leaves a recording unmade', () => {
    const wire = readFileSync(resolve('../src/handfast/protocol/wire.py'), 'utf8').replace(/[^]*class Unmade/, '').replace(/\nclass [^]*/, '');
    const named = [...wire.matchAll(/= "([a-z-]+)"/g)].map(([, word]) => word);
    expect(named).toHaveLength(2);
    for (const words of Object.values(tileWords)) {
      for (const kind of [words.stopped, words.unmade]) expect(Object.keys(kind)).toEqual(named);
      expect(stoppedIn(words, 'of-the-future')).toBe(words.stopped['redaction-failed']);
    }
  });

  it('knows every reason that a site gives for covering more', () => {
    const read = (path: string): string => readFileSync(resolve(`../src/handfast/${path}`), 'utf8');
    const source = read('vision/caution.py');
    const named = [...source.slice(source.indexOf('class Reason'), source.indexOf('@dataclass')).matchAll(/= "([a-z-]+)"/g)];
    const failed = /FAILED: Final = "([a-z-]+)"/.exec(read('node/redaction/studio.py'))?.[1];
    const notSeen = /NOT_SEEN: Final = "([a-z-]+)"/.exec(read('node/redaction/kept_rendition.py'))?.[1];
    for (const words of Object.values(tileWords)) {
      expect(Object.keys(words.covered)).toEqual([...named.map(([, reason]) => reason), failed, notSeen]);
    }
    expect(coverIn(tileWords.en, { state: 'more', reason: 'of-the-future' })).toBe('More is covered than usual: of-the-future.');
  });
});

it('counts down to the end as things stand, and says when an alarm that goes on makes it later', () => {
  const closesUs = Date.parse('2026-03-04T12:01:30Z') * 1000;
  const plain = show(states.live, { closesUs }).textContent;
  expect(plain).toContain('closes in 01:30');
  expect(plain).not.toContain('unless');
  shown?.close();
  expect(show(states.live, { closesUs, mayGoOn: true }).textContent).toContain('closes in 01:30 unless the alarm goes on');
});

it('offers the sub-stream when the codec cannot be played', () => {
  let offered = 0;
  const element = show(states['cannot-play'], { onOfferSub: () => (offered += 1) });
  expect(element.textContent).toContain('no decoder for H.265');
  element.querySelector('button')?.click();
  expect(offered).toBe(1);
});

it('hands the canvas over, notes drawn pictures and lets go at the end', () => {
  let given: HTMLCanvasElement | null = null;
  const picture = (canvas: HTMLCanvasElement) => {
    given = canvas;
    return () => (given = null);
  };
  const element = show(states.live, { picture });
  const canvas = element.querySelector('canvas') as HTMLCanvasElement;
  expect(given).toBe(canvas);
  canvas.dispatchEvent(new CustomEvent(FRAME_EVENT, { detail: { pts: 3600, drawnAt: 1, wallUs: null } }));
  flushSync();
  expect(figure(element).dataset['frame']).toBe('3600');
  shown?.close();
  shown = undefined;
  expect(given).toBeNull();
});

it('knows exactly the reasons that the servers may give', () => {
  // Vite runs tests from web/; jsdom has no file addresses of its own.
  const source = readFileSync(resolve('../src/handfast/model/access.py'), 'utf8');
  const named = source.slice(source.indexOf('class Reason'), source.indexOf('@dataclass')).matchAll(/= "([a-z-]+)"/g);
  expect(Object.keys(tileWords.en.reasons)).toEqual([...named].map(([, reason]) => reason));
});

it('says every known reason in every language, and passes on what newer sites explain', () => {
  for (const words of Object.values(tileWords)) {
    expect(Object.keys(words.reasons)).toEqual(Object.keys(tileWords.en.reasons));
    expect(reasonIn(words, 'of-the-future', 'The moon is full.')).toBe('The moon is full.');
    expect(reasonIn(words, 'constructor', '')).toBe('constructor');
  }
});

import axe from 'axe-core';
import { flushSync, type Component } from 'svelte';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Answer } from '$lib/api';
import { ready } from '$lib/loadable';
import type { CameraAreas, SavedDrawing, StillPicture } from '$lib/node/areas';
import { NodeClient } from '$lib/node/client';
import type { OwnLog } from '$lib/node/own-log';
import { createIdentity } from '$lib/secure/device';
import type { Envelope } from '$lib/secure/envelope';
import { NOON, memoryStore, ids } from '$lib/secure/testing/site';
import type { Caller } from '$lib/signed-in';
import { stage, type Staged } from '../../../dev/stage';
import { type Ports, Site } from '../site.svelte';
import { AreasBoard } from './board.svelte';
import Cameras from './Cameras.svelte';

const LOG = { origin: 'o', index: 7, salt: 'A'.repeat(43), entry: '', size: 8, hashes: [], checkpoint: '' };
const SQUARE: readonly (readonly [number, number])[] = [[1000, 1000], [3000, 1000], [3000, 3000], [1000, 3000]];
const DOOR: readonly (readonly [number, number])[] = [[5000, 0], [7000, 0], [6000, 5000]];

function gate(over: Partial<CameraAreas> = {}): CameraAreas {
  return {
    id: ids.camera, name: 'Gate', covers: ['faces', 'persons'], moves: true, revision: 1, changed_us: NOON,
    installed: { masks: [DOOR], children: [] }, drawn: { masks: [SQUARE], children: [] }, ...over,
  };
}

interface Told {
  readonly path: string;
  readonly statement: Record<string, unknown> | null;
}

/** A site whose node answers as a test says; what was signed is kept. */
async function site(answers: Record<string, () => Answer<unknown>>): Promise<{ site: Site; told: Told[] }> {
  const identity = await createIdentity(memoryStore(), 'phone', NOON);
  const told: Told[] = [];
  let entry: Record<string, unknown> = {};
  const caller = {
    call: (path: string, call: { body?: { statement: Envelope }; read: (body: unknown) => unknown }) => {
      const signed = call.body?.statement;
      if (signed) entry = { kind: path === '/drawings' ? 'drawing' : 'still', statement: signed };
      const statement = signed ? (JSON.parse(atob(signed.payload.replaceAll('-', '+').replaceAll('_', '/'))) as Record<string, unknown>) : null;
      told.push({ path, statement });
      const answer = path === '/challenge' ? ok({ challenge: 'AAAA' }) : (answers[path]?.() ?? ok({ cameras: [gate()] }));
      return Promise.resolve(answer.outcome === 'ok' ? ok(call.read(answer.value)) : answer);
    },
  } as unknown as Caller;
  const log = {
    follow: () => Promise.resolve({ state: 'unknown' }),
    prove: () => Promise.resolve([{ holds: true, proven: { index: 7, entry } }]),
  } as unknown as OwnLog;
  const own = { node: ids.node, owner: ids.owner, ownerRoot: '', log: '' } as unknown as Ports['own'];
  const ports: Ports = { client: new NodeClient(caller), identity, own, place: [24.9, 60.2], log, nowUs: () => NOON };
  const made = new Site(ports);
  made.now = ready({} as never);
  return { site: made, told };
}

function ok<T>(value: T): Answer<T> {
  return { outcome: 'ok', value };
}

let shown: Staged | undefined;
afterEach(() => {
  shown?.close();
  shown = undefined;
});
beforeAll(() => {
  // jsdom has no layout: nothing ever changes its size.
  globalThis.ResizeObserver ??= class {
    observe(): void {}
    unobserve(): void {}
    disconnect(): void {}
  };
  const dialogs = HTMLDialogElement.prototype;
  dialogs.showModal ??= function (this: HTMLDialogElement) {
    this.open = true;
  };
  dialogs.close ??= function (this: HTMLDialogElement) {
    this.open = false;
  };
});

const href = (camera: string | null): string => (camera === null ? '/owner/cameras' : `/owner/cameras/${camera}`);

async function open(
  made: Site, camera: string | null, decode: () => Promise<ImageBitmap> = () => Promise.reject(new Error('no picture')),
): Promise<HTMLElement> {
  const board = new AreasBoard(made, decode);
  await board.read();
  shown = stage(Cameras as unknown as Component<Record<string, unknown>>, { site: made, camera, href, board });
  await settled();
  return shown.element;
}

/** Lets signatures and answers arrive. */
async function settled(): Promise<void> {
  await vi.waitFor(() => {
    flushSync();
    expect(document.querySelector('[aria-busy=true]')).toBeNull();
  });
  flushSync();
}

const words = (element: HTMLElement): string => (element.textContent ?? '').replace(/\s+/g, ' ');

function press(element: HTMLElement, name: string): void {
  const found = [...element.querySelectorAll('button')].find((button) => (button.textContent ?? '').trim().startsWith(name));
  if (!found) throw new Error(`no button ${name} in: ${words(element)}`);
  found.click();
  flushSync();
}

function key(element: HTMLElement, on: string, name: string, times = 1): void {
  for (let count = 0; count < times; count += 1) {
    const target = element.querySelector(on);
    target?.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true }));
    flushSync();
  }
}

/** Draws a small triangle around the middle with keys alone. */
function drawTriangle(element: HTMLElement): void {
  const put = (): void => {
    element.querySelector<HTMLElement>('.cross')?.click(); // as Enter does
    flushSync();
  };
  put();
  key(element, '.cross', 'ArrowRight', 10);
  put();
  key(element, '.cross', 'ArrowDown', 10);
  put();
  press(element, 'Done');
}

async function violations(element: HTMLElement): Promise<string[]> {
  const off = { enabled: false };
  const rules = { 'color-contrast': off, region: off, 'label-content-name-mismatch': off };
  const found = await axe.run(element, { rules });
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`);
}

describe('the cameras', () => {
  it('say what is covered in each, and how many areas there are', async () => {
    const { site: made } = await site({});
    const element = await open(made, null);
    expect(words(element)).toContain('Gate 2 areas always covered Faces and people are covered, and whatever else moves.');
    expect(element.querySelector('a')?.getAttribute('href')).toBe(`/owner/cameras/${ids.camera}`);
    expect(await violations(element)).toEqual([]);
  });

  it('say when there are none, or when the site does not answer', async () => {
    const { site: made } = await site({ '/areas': () => ok({ cameras: [] }) });
    expect(words(await open(made, null))).toContain('No cameras');
    shown?.close();
    const problem = { kind: 'offline', status: 0, title: '', detail: '' } as const;
    const { site: gone } = await site({ '/areas': () => ({ outcome: 'failed', problem }) });
    expect((await open(gone, null)).querySelector('[role=alert]')).not.toBeNull();
  });
});

describe('drawing', () => {
  it('works with keys alone, and saves what it says in words', async () => {
    const saved: SavedDrawing = { revision: 2, ended: 1, log: LOG };
    const { site: made, told } = await site({ '/drawings': () => ok(saved) });
    const element = await open(made, ids.camera);
    expect(words(element)).toContain('Set by the installation: Always covered');
    expect(words(element)).toContain('Nothing has changed.');
    press(element, 'Draw a children’s zone');
    await vi.waitFor(() => expect(document.activeElement?.className).toContain('cross'));
    drawTriangle(element);
    expect(element.querySelectorAll('.corner')).toHaveLength(3);
    await vi.waitFor(() => expect(document.activeElement?.className).toContain('corner'));
    expect(await violations(element)).toEqual([]);
    press(element, 'Save');
    expect(words(element)).toContain('Adds 1: Children’s zone');
    expect(words(element)).toContain('two of your devices must agree');
    press(element, 'Sign and save');
    await settled();
    expect(words(element)).toContain('entry 7 of your log, checked by this device');
    expect(words(element)).toContain('1 view of older pictures was closed.');
    const drawn = told.find(({ path }) => path === '/drawings')?.statement;
    expect(drawn).toMatchObject({
      camera: ids.camera, node: ids.node, replaces: 1, masks: [SQUARE], children: [[[5000, 5000], [6000, 5000], [6000, 6000]]],
    });
  });

  it('moves, adds and removes corners with keys, and undoes it', async () => {
    const { site: made } = await site({});
    const element = await open(made, ids.camera);
    press(element, 'Change');
    key(element, '.corner', 'ArrowRight', 2);
    key(element, '.corner', 'Enter');
    expect(element.querySelectorAll('.corner')).toHaveLength(5);
    expect(element.querySelector('.corner')?.getAttribute('aria-label')).toContain('Corner 1 of 5, 12 % from the left');
    key(element, '.corner', 'Delete');
    expect(element.querySelectorAll('.corner')).toHaveLength(4);
    for (let step = 0; step < 3; step += 1) press(element, 'Undo');
    expect(words(element)).toContain('Nothing has changed.');
    key(element, '.corner', 'Escape');
    expect(element.querySelectorAll('.corner')).toHaveLength(0);
  });

  it('says which area cannot be saved and why', async () => {
    const { site: made } = await site({});
    const element = await open(made, ids.camera);
    press(element, 'Change');
    key(element, '.corner', 'ArrowDown', 30);
    key(element, '.corner', 'ArrowRight', 10);
    expect(words(element)).toContain('Area 1 cannot be saved: Its edges cross or touch.');
    const save = [...element.querySelectorAll('button')].find((button) => button.textContent?.trim() === 'Save');
    expect(save?.disabled).toBe(true);
  });

  it('leaves an outline that was begun', async () => {
    const { site: made } = await site({});
    const element = await open(made, ids.camera);
    press(element, 'Draw an area');
    expect(words(element)).toContain('You are drawing: Always covered.');
    key(element, '.cross', 'Escape');
    expect(element.querySelector('.cross')).toBeNull();
    expect(words(element)).toContain('Nothing has changed.');
  });

  it('shows theirs when somebody else has drawn since, with ours one step back', async () => {
    const conflict = { kind: 'conflict', status: 409, title: '', detail: 'somebody has drawn' } as const;
    let cameras = [gate()];
    const { site: made } = await site({
      '/areas': () => ok({ cameras }),
      '/drawings': () => ({ outcome: 'failed', problem: conflict }),
    });
    const element = await open(made, ids.camera);
    press(element, 'Remove');
    cameras = [gate({ revision: 2, drawn: { masks: [], children: [DOOR] } })];
    press(element, 'Save');
    expect(words(element)).toContain('Removes 1: Always covered');
    press(element, 'Sign and save');
    await settled();
    expect(words(element)).toContain('Somebody else has drawn on this camera');
    press(element, 'Show theirs');
    await settled();
    expect(words(element)).toContain('Area 1: Children’s zone');
    press(element, 'Undo');
    expect(words(element)).toContain('Nothing is drawn yet.');
  });

  it('says that nothing changed when the site refuses', async () => {
    const problem = { kind: 'unavailable', status: 503, title: '', detail: 'The owner’s log cannot be written' } as const;
    const { site: made } = await site({ '/drawings': () => ({ outcome: 'failed', problem }) });
    const element = await open(made, ids.camera);
    press(element, 'Remove');
    press(element, 'Save');
    press(element, 'Sign and save');
    await settled();
    expect(words(element)).toContain('The owner’s log cannot be written. Everything stays as it was.');
  });
});

describe('the picture to draw on', () => {
  const still = (over: Partial<StillPicture>): StillPicture => ({ picture: null, at_us: 0, state: '', reason: '', log: LOG, ...over });

  it('is asked for by a signature, and the log says so', async () => {
    const { site: made, told } = await site({ '/stills': () => ok(still({ picture: 'AAAA', at_us: NOON, state: 'whole', reason: 'too-dark' })) });
    const image = { width: 1600, height: 900 } as ImageBitmap;
    const element = await open(made, ids.camera, () => Promise.resolve(image));
    expect(told.some(({ path }) => path === '/stills')).toBe(false);
    expect(words(element)).toContain('Your log will say that this device asked for it.');
    press(element, 'Show a picture');
    await settled();
    expect(told.find(({ path }) => path === '/stills')?.statement).toMatchObject({ camera: ids.camera, challenge: 'AAAA' });
    expect(words(element)).toContain('Entry 7 of your log says that you looked.');
    expect(words(element)).toContain('The whole picture is covered: it is too dark to find people.');
    expect(element.querySelector('canvas')?.hidden).toBe(false);
  });

  it.each([
    ['nothing-recorded', 'Nothing was recorded in the last seconds.'],
    ['redaction-failed', 'The site could not cover a picture'],
  ])('says when there is none: %s', async (reason, said) => {
    const { site: made } = await site({ '/stills': () => ok(still({ reason })) });
    const element = await open(made, ids.camera);
    press(element, 'Show a picture');
    await settled();
    expect(words(element)).toContain(said);
    expect(words(element)).toContain('You can draw on the empty frame all the same.');
    expect(element.querySelector('canvas')?.hidden).toBe(true);
  });
});

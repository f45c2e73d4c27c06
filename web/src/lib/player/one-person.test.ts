import axe from 'axe-core';
import { flushSync } from 'svelte';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { stage, type Staged } from '../../../dev/stage';
import type { OnePerson, OneState } from './OnePerson.svelte';
import { FRAME_EVENT } from './screen';
import Tile from './Tile.svelte';
import type { TileState } from './tile-state';
import type { TrackNote } from './track-notes';
import { tileWords } from './words';

const RECORDED: TileState = { kind: 'recorded', wallUs: 1_790_000_000_123_000, playing: false, gap: false };
const TWELVE: TrackNote = { number: 12, kind: 'person', left: 1000, top: 2000, right: 3000, bottom: 9000 };
const FORTY: TrackNote = { number: 40, kind: 'person', left: 9900, top: 0, right: 10_000, bottom: 200 };

let shown: Staged | undefined;
afterEach(() => {
  shown?.close();
  shown = undefined;
});

beforeAll(() => {
  const dialogs = HTMLDialogElement.prototype;
  dialogs.showModal ??= function (this: HTMLDialogElement) {
    this.open = true;
  };
  dialogs.close ??= function (this: HTMLDialogElement) {
    this.open = false;
  };
});

function show(changes: Partial<OnePerson> = {}, tile = RECORDED): { element: HTMLElement; one: OnePerson } {
  const nothing = { choose: vi.fn(), ask: vi.fn(), show: vi.fn(), cover: vi.fn() };
  const one: OnePerson = { live: false, approvals: 2, people: [TWELVE, FORTY], clear: null, state: null, ...nothing, ...changes };
  const rendition = one.clear === null ? 'redacted' : 'unmasked';
  const props = { owner: 'Kallio school', camera: 'Gate', rendition, viewer: 'A. Virtanen', closesUs: null, tile, one };
  shown = stage(Tile as never, props as never);
  return { element: shown.element, one };
}

function text(element: Element | null | undefined): string {
  return (element?.textContent ?? '').replace(/\s+/g, ' ').trim();
}

function choosing(element: HTMLElement): HTMLElement[] {
  element.querySelector<HTMLButtonElement>('[data-action="one"]')?.click();
  flushSync();
  return [...element.querySelectorAll<HTMLElement>('[data-track]')];
}

/** Opens the dialog for person 12 by the keyboard. */
function dialogOf(element: HTMLElement): HTMLDialogElement {
  choosing(element)[0]?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
  flushSync();
  return element.querySelector('dialog') as HTMLDialogElement;
}

function submit(dialog: HTMLDialogElement, reason: string): void {
  const field = dialog.querySelector('textarea') as HTMLTextAreaElement;
  field.value = reason;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  flushSync();
  dialog.querySelector('form')?.requestSubmit();
  flushSync();
}

async function violations(element: HTMLElement): Promise<string[]> {
  const off = { enabled: false };
  const found = await axe.run(element, { rules: { 'color-contrast': off, region: off, 'label-content-name-mismatch': off } });
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`);
}

describe('the people of a covered picture', () => {
  it('are outlined only when somebody chooses, and can be reached by the keyboard', async () => {
    const { element, one } = show();
    expect(element.querySelector('[data-track]')).toBeNull();
    const people = choosing(element);
    expect(people.map((each) => [each.getAttribute('role'), each.getAttribute('aria-label'), each.tabIndex])).toEqual([
      ['button', 'Person 12', 0],
      ['button', 'Person 40', 0],
    ]);
    expect(one.choose).toHaveBeenCalledOnce();
    expect(text(element.querySelector('[data-one]'))).toContain('2 people are outlined in the picture');
    expect(await violations(element)).toEqual([]);
  });

  it('are outlined where they are, in the shape of the picture; the smallest are still a target', () => {
    const { element } = show();
    const canvas = element.querySelector('canvas') as HTMLCanvasElement;
    [canvas.width, canvas.height] = [640, 320];
    canvas.dispatchEvent(new CustomEvent(FRAME_EVENT, { detail: { pts: 0, drawnAt: 0, wallUs: 0 } }));
    const [twelve, forty] = choosing(element).map((each) => each.querySelector('rect'));
    expect(element.querySelector('.picture svg[viewBox]')?.getAttribute('viewBox')).toBe('0 0 1000 500');
    const box = (rect: Element | null | undefined) => ['x', 'y', 'width', 'height'].map((name) => Number(rect?.getAttribute(name)));
    expect(box(twelve)).toEqual([100, 100, 200, 350]);
    expect(box(forty)).toEqual([940, 0, 60, 60]);
  });

  it('can be vehicles as well, which are called so in every sentence', () => {
    const car: TrackNote = { ...FORTY, number: 41, kind: 'vehicle' };
    const { element, one } = show({ people: [TWELVE, FORTY, car] });
    const names = choosing(element).map((each) => each.getAttribute('aria-label'));
    expect(names).toEqual(['Person 12', 'Person 40', 'Vehicle 41']);
    expect(text(element.querySelector('[data-one]'))).toContain('2 people and 1 vehicle are outlined in the picture: choose one.');
    element.querySelector('[data-kind="vehicle"]')?.dispatchEvent(new MouseEvent('click', { bubbles: true }));
    flushSync();
    const dialog = element.querySelector('dialog') as HTMLDialogElement;
    expect(text(dialog)).toContain('Ask to see vehicle 41');
    expect(text(dialog)).toContain('People and other vehicles stay covered.');
    submit(dialog, 'drove off');
    expect(one.ask).toHaveBeenCalledExactlyOnceWith(car, 'drove off');
    shown?.close();
    const clear = show({ clear: { track: 41, as: 'vehicle' }, people: [] }).element;
    expect(text(clear.querySelector('[data-one]'))).toContain('Vehicle 41 is clear; people and other vehicles stay covered.');
  });

  it('are not hidden by what is said about a range that is still being made', () => {
    const waiting: TileState = { ...RECORDED, gap: true };
    const { element } = show({}, waiting);
    expect(text(element.querySelector('.marks'))).toContain('the last one before it');
    choosing(element);
    expect(text(element.querySelector('.marks'))).toMatch(/^Recorded [\d:.]+$/);
  });

  it('are said to be none where the site has found none', () => {
    const { element } = show({ people: [] });
    expect(choosing(element)).toEqual([]);
    expect(text(element.querySelector('[data-one]'))).toContain('The site has found nobody in this picture.');
  });

  it('cannot be chosen where the agreement lets nobody be seen alone, which is said', () => {
    const { element } = show({ approvals: null });
    expect(element.querySelector('[data-action="one"]')).toBeNull();
    expect(text(element.querySelector('[data-one]'))).toBe('The agreement lets nobody be seen clear alone.');
  });
});

describe('the question for one person', () => {
  it('says who decides, how many must agree, what becomes clear and what is logged', async () => {
    const dialog = dialogOf(show().element);
    expect(dialog.open).toBe(true);
    const said = text(dialog);
    expect(said).toContain('Ask to see person 12');
    expect(said).toContain('Kallio school decides: 2 of their people must agree, each on a device of their own.');
    expect(said).toContain('Only this person becomes clear');
    expect(said).toContain('an entry of its own in the owner’s log');
    expect(await violations(dialog)).toEqual([]);
  });

  it('is not asked without a reason, and is asked with it', async () => {
    const { element, one } = show();
    const dialog = dialogOf(element);
    submit(dialog, '   ');
    expect(text(dialog.querySelector('[role="alert"]'))).toBe('Write down why. Without a reason the site refuses.');
    expect(await violations(dialog)).toEqual([]);
    expect(one.ask).not.toHaveBeenCalled();
    submit(dialog, ' took the bicycle ');
    expect(one.ask).toHaveBeenCalledExactlyOnceWith(TWELVE, 'took the bicycle');
    expect(dialog.open).toBe(false);
    expect(element.querySelector('[data-track]')).toBeNull();
  });

  it('is left without asking, by the button or by Escape', () => {
    const { element, one } = show();
    const dialog = dialogOf(element);
    dialog.querySelector<HTMLButtonElement>('.actions button')?.click();
    flushSync();
    expect([dialog.open, one.ask]).toEqual([false, one.ask]);
    expect(one.ask).not.toHaveBeenCalled();
  });

  it('says that an alarm opens it where that was agreed', () => {
    expect(text(dialogOf(show({ approvals: 0 }).element))).toContain('the alarm opens it at once');
  });
});

describe('under the picture', () => {
  const who = { track: 12, as: 'person' } as const;
  const deny = (reason: string): OneState => ({ kind: 'denied', ...who, reason, explanation: '' });

  it.each<[OneState, string]>([
    [{ kind: 'asking', ...who }, 'Asking to see person 12'],
    [{ kind: 'pending', ...who, answerByUs: null }, 'Person 12: waiting for the owner'],
    [{ kind: 'making', ...who }, 'Person 12: agreed; the pictures are being prepared at the site'],
  ])('%o is said, and nothing more can be asked meanwhile', (state, words) => {
    const { element } = show({ state });
    expect(text(element.querySelector('[data-one]'))).toBe(words);
    expect(element.querySelector('[data-one] button')).toBeNull();
  });

  it('says until when the owner may answer', () => {
    const answerByUs = Date.parse('2026-03-04T12:01:30Z') * 1000;
    const { element } = show({ state: { kind: 'pending', ...who, answerByUs } });
    expect(text(element.querySelector('[data-one]'))).toContain('refused by itself in 01:30');
  });

  it('says in words why somebody stays covered, and may be asked again', () => {
    const { element } = show({ state: deny('approval-refused') });
    expect(text(element.querySelector('[data-one]'))).toContain('Person 12 stays covered. The owner said no.');
    expect(choosing(element)).toHaveLength(2);
    expect(text(element.querySelector('[data-one] [role="status"]'))).toBe('2 people are outlined in the picture: choose one.');
    shown?.close();
    const other = show({ state: deny('rendition-not-agreed') }).element;
    expect(text(other.querySelector('[data-one]'))).toContain('Where there are children it must ask two of the owner’s people.');
  });

  it('offers what was agreed meanwhile, and covers everybody again', () => {
    const { element, one } = show({ state: { kind: 'ready', ...who } });
    element.querySelector<HTMLButtonElement>('[data-one] button')?.click();
    expect(one.show).toHaveBeenCalledOnce();
    shown?.close();
    const clear = show({ clear: who, people: [] });
    expect(text(clear.element.querySelector('figcaption'))).toContain('Only one clear');
    expect(text(clear.element.querySelector('[data-one]'))).toContain('Person 12 is clear; everybody else stays covered.');
    clear.element.querySelector<HTMLButtonElement>('[data-one] button')?.click();
    expect(clear.one.cover).toHaveBeenCalledOnce();
  });
});

it('is said in every language', () => {
  expect(Object.keys(tileWords.fi.one)).toEqual(Object.keys(tileWords.en.one));
  expect(tileWords.fi.one.byOwner('Kallion koulu', 2)).toContain('2 heistä');
});

import axe from 'axe-core';
import { flushSync, type Component } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { stage, type Staged } from '../../dev/stage';
import { ReviewClient } from './client';
import { placeAt } from './edits';
import { Review } from './review.svelte';
import Room from './Room.svelte';
import { FILM, ServerInMemory } from './testing/server';
import { en, reviewWords } from './words';

let server: ServerInMemory;
let review: Review;
let shown: Staged | undefined;
let ended = false;

beforeEach(() => {
  const dialogs = HTMLDialogElement.prototype;
  dialogs.showModal ??= function (this: HTMLDialogElement) {
    this.open = true;
  };
  dialogs.close ??= function (this: HTMLDialogElement) {
    this.open = false;
  };
  // jsdom lays nothing out and draws nothing.
  HTMLCanvasElement.prototype.getContext = () => null;
  globalThis.ResizeObserver ??= class {
    observe(): void {}
    unobserve(): void {}
    disconnect(): void {}
  };
  server = new ServerInMemory();
  const still = { width: 16, height: 9, close: () => {} } as ImageBitmap;
  review = new Review(FILM, new ReviewClient('secret', server.fetch), () => Promise.resolve(still));
  ended = false;
  shown = stage(Room as unknown as Component<Record<string, unknown>>, { review, end: () => (ended = true) });
});

afterEach(() => shown?.close());

function press(...keys: string[]): void {
  for (const word of keys) {
    const parts = word.split('+');
    const key = parts.at(-1)!;
    const has = (name: string): boolean => parts.slice(0, -1).includes(name);
    document.body.dispatchEvent(
      new KeyboardEvent('keydown', { key, shiftKey: has('Shift'), ctrlKey: has('Ctrl'), bubbles: true, cancelable: true }),
    );
  }
  flushSync();
}

const words = (): string => (shown!.element.textContent ?? '').replace(/\s+/g, ' ');

async function violations(): Promise<string[]> {
  const off = { enabled: false };
  const rules = { 'color-contrast': off, region: off, 'label-content-name-mismatch': off };
  const found = await axe.run(shown!.element, { rules });
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`);
}

describe('by keyboard alone', () => {
  it('draws a box, puts it elsewhere later, and it moves evenly between', async () => {
    press('n', ...Array<string>(10).fill('ArrowRight'), ...Array<string>(10).fill('Shift+ArrowRight'));
    const [box] = review.edits.boxes;
    expect(box!.keys.map((key) => key.at)).toEqual([0, 10]);
    const [from, middle, to] = [0, 5, 10].map((at) => placeAt(box!, at)![0]);
    expect(to! - from!).toBeCloseTo(0.1);
    expect(middle! - from!).toBeCloseTo(0.05);
    await review.saving.settled();
    expect(server.kept).toEqual(review.edits);
  });

  it('undoes a row of nudges at once, then the box, and brings both back', () => {
    press('n', 'Shift+ArrowRight', 'Shift+ArrowRight', 'Ctrl+z');
    expect(review.edits.boxes[0]!.keys[0]!.box[0]).toBeCloseTo(0.42);
    press('Ctrl+z');
    expect(review.edits.boxes).toEqual([]);
    press('Ctrl+y', 'Ctrl+Shift+Z');
    expect(review.edits.boxes[0]!.keys[0]!.box[0]).toBeCloseTo(0.44);
  });

  it('sizes, starts, ends, keys and deletes a box', () => {
    press('.', 'n', 'Ctrl+Shift+ArrowDown', 'ArrowRight', 'i', '.', 'o', 'ArrowLeft', 'Enter');
    const [box] = review.edits.boxes;
    expect([box!.first, box!.last]).toEqual([26, 51]);
    expect(box!.keys.map((key) => key.at)).toEqual([26, 50]);
    expect(box!.keys[0]!.box[3]).toBeCloseTo(0.66);
    press('Backspace');
    expect(review.edits.boxes[0]!.keys.map((key) => key.at)).toEqual([26]);
    press('Delete');
    expect(review.edits.boxes).toEqual([]);
  });

  it('walks through what was found, and leaves one person clear with a warning', async () => {
    press('ArrowDown', 'c');
    expect(review.edits.clear.map((each) => each.track)).toEqual([1]);
    expect(shown!.element.querySelector('[role=alert]')?.textContent).toContain('Person 1 can be recognised');
    expect(words()).toContain('Inside children’s zones they stay covered');
    expect(await violations()).toEqual([]);
    press('c');
    expect(review.edits.clear).toEqual([]);
  });

  it('tells by height, not by colour alone, where all of the picture is covered', () => {
    const heights = (name: string): (string | null)[] =>
      [...shown!.element.querySelectorAll(`.slider rect.${name}`)].map((bar) => bar.getAttribute('height'));
    expect(heights('whole')).toEqual(['8']);
    expect(heights('more').every((height) => height === '4')).toBe(true);
  });

  it('goes from one doubtful place to the next, and says what the doubt is', () => {
    const visited = [1, 2, 3].map(() => (press('m'), review.number));
    expect(visited).toEqual([10, 20, 70]);
    expect(words()).toContain('Here all of the picture is covered: the camera moved;');
    press('Shift+M');
    expect(review.number).toBe(20);
  });

  it('goes to both ends and no further', () => {
    press('ArrowLeft', 'Home');
    expect(review.number).toBe(0);
    press('End', 'ArrowRight');
    expect(review.number).toBe(99);
  });

  it('shows what an export covers', async () => {
    press('e');
    await vi.waitFor(() => expect(shown!.element.querySelectorAll('rect.cover').length).toBe(1));
    expect(shown!.element.querySelectorAll('rect.track[data-track]').length).toBe(0);
  });

  it('plays backward and forward, faster the second time', () => {
    press('l', 'l');
    expect(review.speed).toBe(2);
    press('k');
    expect(review.speed).toBe(0);
    press('End', 'j');
    expect(review.speed).toBe(-1);
    press(' ');
    expect(review.speed).toBe(0);
  });

  it('lists its keys', async () => {
    press('?');
    for (const [keys, does] of en.helpRows) expect(words()).toContain(`${keys}${does}`);
    expect(await violations()).toEqual([]);
  });
});

describe('approving', () => {
  it('asks for a name, keeps every change first, and shows what was written', async () => {
    press('n', 'a');
    expect(words()).toContain('Your box is covered solidly.');
    expect(await violations()).toEqual([]);
    const input = shown!.element.querySelector<HTMLInputElement>('dialog input')!;
    input.value = 'Maija Virta';
    input.dispatchEvent(new Event('input', { bubbles: true }));
    flushSync();
    shown!.element.querySelector('form')!.requestSubmit();
    await vi.waitFor(() => expect(words()).toContain('SHA-256 of the file'));
    expect([server.approvedBy, server.kept.boxes.length]).toEqual(['Maija Virta', 1]);
    [...shown!.element.querySelectorAll('button')].find((each) => each.textContent?.includes(en.exporting.finish))!.click();
    expect(ended).toBe(true);
  });
});

describe('keeping', () => {
  it('says that a change was not kept, why, and tries again', async () => {
    server.full = true;
    press('n');
    await review.saving.settled();
    flushSync();
    expect(words()).toContain('Not kept: the disk is full');
    server.full = false;
    [...shown!.element.querySelectorAll('button')].find((each) => each.textContent?.includes(en.again))!.click();
    await review.saving.settled();
    flushSync();
    expect(words()).toContain('Kept in out.mp4.review.json');
    expect(server.kept.boxes.length).toBe(1);
  });
});

it('lists the same keys in both languages', () => {
  expect(reviewWords.fi.helpRows.length).toBe(en.helpRows.length);
});

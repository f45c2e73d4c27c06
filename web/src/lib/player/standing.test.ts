import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Standing } from './standing';

/** A video element that goes where it is sent and presents what the test says. */
class Element extends EventTarget {
  readonly sent: number[] = [];
  seeking = false;

  get currentTime(): number {
    return this.sent.at(-1) ?? 0;
  }

  set currentTime(seconds: number) {
    this.sent.push(seconds);
    this.seeking = true;
  }

  arrive(): void {
    this.seeking = false;
    this.dispatchEvent(new Event('seeked'));
  }
}

let element: Element;
let standing: Standing;
let there: number;

beforeEach(() => {
  vi.useFakeTimers();
  [element, there] = [new Element(), 0];
  standing = new Standing(element);
  standing.goTo(2, 0.04, () => (there += 1));
});

afterEach(() => vi.useRealTimers());

it('waits for the frame when the place is reached first', () => {
  element.arrive();
  expect(there).toBe(0);
  standing.presented(2.000001);
  expect(there).toBe(1);
});

it('waits for the place when the frame comes first', () => {
  standing.presented(2);
  expect(there).toBe(0);
  element.arrive();
  expect(there).toBe(1);
});

it('takes no neighbour for the picture, and goes there again', () => {
  element.arrive();
  standing.presented(1.96);
  expect(there).toBe(0);
  vi.advanceTimersByTime(60);
  expect(element.sent).toHaveLength(2);
  element.arrive();
  standing.presented(2);
  expect(there).toBe(1);
});

it('goes there again when no frame is told of, each time elsewhere within the picture and later', () => {
  element.arrive();
  vi.advanceTimersByTime(60 + 120);
  expect(new Set(element.sent).size).toBe(3);
  expect(element.sent.every((seconds) => seconds > 2 && seconds < 2.04)).toBe(true);
  vi.advanceTimersByTime(239);
  expect(element.sent).toHaveLength(3);
});

it('says it once, and goes nowhere any more', () => {
  element.arrive();
  standing.presented(2);
  standing.presented(2);
  vi.advanceTimersByTime(10_000);
  expect([there, element.sent.length]).toEqual([1, 1]);
});

it('says nothing of a picture that was overtaken, or left', () => {
  let later = 0;
  standing.goTo(5, 0.04, () => (later += 1));
  element.arrive();
  standing.presented(2);
  expect([there, later]).toEqual([0, 0]);
  standing.presented(5);
  expect([there, later]).toEqual([0, 1]);
  standing.goTo(7, 0.04, () => (later += 1));
  standing.leave();
  standing.presented(7);
  vi.advanceTimersByTime(10_000);
  expect(later).toBe(1);
});

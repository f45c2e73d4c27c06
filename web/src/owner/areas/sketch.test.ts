import { flushSync } from 'svelte';
import { expect, it } from 'vitest';
import { type Corner, faultOf, moved, SCALE, share } from './shapes';
import { Sketch } from './sketch.svelte';

const SQUARE: readonly Corner[] = [[1000, 1000], [3000, 1000], [3000, 3000], [1000, 3000]];
const DOOR: readonly Corner[] = [[5000, 0], [7000, 0], [6000, 5000]];

function sketch(): Sketch {
  return new Sketch(2, { masks: [SQUARE], children: [] });
}

it.each([
  ['a square', SQUARE, null],
  ['two corners', SQUARE.slice(0, 2), 'few'],
  ['a bow tie', [[0, 0], [9, 9], [9, 0], [0, 9]], 'crosses'],
  ['a corner on another edge', [[0, 0], [9, 0], [9, 9], [5, 0], [0, 9]], 'crosses'],
  ['a line', [[0, 0], [5, 5], [9, 9]], 'crosses'],
  ['a corner on its own edge', [[0, 0], [50, 0], [100, 0], [100, 100]], null],
  ['too many corners', Array.from({ length: 33 }, (_, at) => [at, (at * at) % 97]), 'many'],
] as const)('says what the site would say of %s', (_, corners, fault) => {
  expect(faultOf(corners as readonly Corner[])).toBe(fault);
});

it('keeps a moved area in the picture, and knows its share', () => {
  expect(moved(SQUARE, -5000, 9000)).toEqual([[0, 8000], [2000, 8000], [2000, SCALE], [0, SCALE]]);
  expect(share(SQUARE)).toBeCloseTo(0.04);
});

it('draws an area by taps; a tap on the first corner closes it', () => {
  const drawn = sketch();
  drawn.begin('children');
  for (const corner of [...DOOR, DOOR[2] as Corner]) drawn.tap(corner);
  expect(drawn.pen?.corners).toEqual(DOOR); // the same corner twice is one
  drawn.tap([5100, 100]);
  expect(drawn.pen).toBeNull();
  expect(drawn.outlines()).toEqual({ masks: [SQUARE], children: [DOOR] });
  expect(drawn.area?.corners).toEqual(DOOR);
  flushSync();
  expect(drawn.changes).toEqual({ added: { mask: 0, children: 1 }, removed: { mask: 0, children: 0 }, changed: 0 });
});

it('draws with keys: aim, put, take back, leave', () => {
  const drawn = sketch();
  drawn.begin('mask');
  drawn.aim(-100, 0);
  drawn.tap(drawn.pen?.at ?? [0, 0]);
  drawn.aim(-SCALE, 0);
  drawn.tap(drawn.pen?.at ?? [0, 0]);
  expect(drawn.pen?.corners).toEqual([[4900, 5000], [0, 5000]]);
  drawn.finish();
  expect(drawn.pen).not.toBeNull(); // two corners are no area
  drawn.back();
  expect(drawn.pen?.corners).toHaveLength(1);
  drawn.cancel();
  expect([drawn.pen, drawn.areas.length]).toEqual([null, 1]);
});

it('changes corners, and undoes a drag as one step', () => {
  const drawn = sketch();
  const id = drawn.areas[0]?.id ?? 0;
  drawn.choose(id);
  for (const x of [1100, 1200, 12_000]) drawn.place(0, [x, 500], 'drag 1');
  expect(drawn.area?.corners[0]).toEqual([SCALE, 500]);
  expect(drawn.fault?.fault).toBe('crosses');
  drawn.undo();
  expect(drawn.areas[0]?.corners).toEqual(SQUARE);
  expect(drawn.split(3)).toBe(4);
  expect(drawn.area?.corners[4]).toEqual([1000, 2000]);
  drawn.dropCorner(4);
  drawn.dropCorner(0);
  expect(drawn.area?.corners).toHaveLength(3);
  drawn.dropCorner(0); // two corners are no area
  expect([drawn.areas.length, drawn.chosen]).toEqual([0, null]);
  drawn.undo();
  drawn.redo();
  expect(drawn.areas).toHaveLength(0);
});

it('counts what saving would change, and nothing after it', () => {
  const drawn = sketch();
  const id = drawn.areas[0]?.id ?? 0;
  drawn.setKind(id, 'children');
  flushSync();
  expect([drawn.dirty, drawn.changes.changed]).toEqual([true, 1]);
  drawn.setKind(id, 'mask');
  flushSync();
  expect(drawn.dirty).toBe(false);
  drawn.remove(id);
  flushSync();
  expect(drawn.changes.removed.mask).toBe(1);
  drawn.saved(3);
  flushSync();
  expect([drawn.dirty, drawn.revision]).toEqual([false, 3]);
});

it('shows what somebody else has drawn, with ours one step back', () => {
  const drawn = sketch();
  drawn.begin('mask');
  for (const corner of DOOR) drawn.tap(corner);
  drawn.finish();
  drawn.replaced(3, { masks: [], children: [SQUARE] });
  flushSync();
  expect([drawn.dirty, drawn.revision]).toEqual([false, 3]);
  drawn.undo();
  expect(drawn.outlines()).toEqual({ masks: [SQUARE, DOOR], children: [] });
  expect(drawn.dirty).toBe(true);
});

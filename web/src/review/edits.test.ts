import { describe, expect, it } from 'vitest';
import {
  boxOf,
  endingAt,
  inside,
  isClear,
  LEAST_SIDE,
  moved,
  NO_EDITS,
  placeAt,
  startingAt,
  withBox,
  withClear,
  withKey,
  withoutBox,
  withoutKey,
  type DrawnBox,
  type Edits,
  type Place,
} from './edits';
import { dragged } from './drag';
import { History } from './history';
import { lanes } from './lanes';
import { FILM } from './testing/server';
import { filmTime } from './time';

const HERE: Place = [0.1, 0.2, 0.3, 0.4];
const THERE: Place = [0.5, 0.6, 0.7, 0.8];

function drawn(first = 10, last = 99): { edits: Edits; box: () => DrawnBox } {
  const { edits, id } = withBox(NO_EDITS, first, last, HERE);
  return { edits, box: () => boxOf(edits, id)! };
}

describe('a box over time', () => {
  it('moves evenly between keyframes and stands still beyond them', () => {
    const box = boxOf(withKey(drawn().edits, 1, 20, THERE), 1)!;
    expect(placeAt(box, 9)).toBeNull();
    expect(placeAt(box, 10)).toEqual(HERE);
    expect(placeAt(box, 15)?.map((edge) => edge.toFixed(3))).toEqual(['0.300', '0.400', '0.500', '0.600']);
    expect(placeAt(box, 99)).toEqual(THERE);
    expect(placeAt(box, 100)).toBeNull();
  });

  it('lasts longer when it is put beyond its ends', () => {
    const box = boxOf(withKey(drawn(10, 20).edits, 1, 30, THERE), 1)!;
    expect([box.first, box.last]).toEqual([10, 30]);
  });

  it('keeps its place in every picture that is left when it is cut', () => {
    const before = boxOf(withKey(drawn().edits, 1, 20, THERE), 1)!;
    for (const [first, last] of [[12, 99], [10, 17], [13, 18], [25, 30], [14, 14]] as const) {
      const after = boxOf(endingAt(startingAt({ ...NO_EDITS, boxes: [before] }, 1, first), 1, last), 1)!;
      expect([after.first, after.last]).toEqual([first, last]);
      for (let at = first; at <= last; at += 1) {
        const [was, is] = [placeAt(before, at)!, placeAt(after, at)!];
        is.forEach((edge, index) => expect(edge).toBeCloseTo(was[index]!, 5));
      }
    }
  });

  it('has always one keyframe, each picture at most one', () => {
    const put = withKey(withKey(drawn().edits, 1, 12, THERE), 1, 12, HERE);
    expect(boxOf(put, 1)!.keys.map((key) => key.at)).toEqual([10, 12]);
    const less = withoutKey(withoutKey(put, 1, 10), 1, 12);
    expect(boxOf(less, 1)!.keys.map((key) => key.at)).toEqual([12]);
    expect(boxOf(endingAt(less, 1, 10), 1)!.keys.map((key) => key.at)).toEqual([10]);
  });

  it('stays in the picture and keeps an area', () => {
    expect(inside([1.2, -1, 0.9, 0.5])).toEqual([0.9, 0, 1, 0.5]);
    const [left, top, right, bottom] = inside([1, 1, 1, 1]);
    expect(right - left).toBeCloseTo(LEAST_SIDE);
    expect(bottom - top).toBeCloseTo(LEAST_SIDE);
    expect(moved(HERE, -1, 1)).toEqual([0, 0.8, 0.2, 1]);
  });

  it('has a number of its own, also after others were deleted', () => {
    const { edits } = withBox(drawn().edits, 0, 9, HERE);
    expect(withBox(withoutBox(edits, 1), 0, 9, HERE).id).toBe(3);
  });
});

describe('a drag', () => {
  const grip = { from: [0.2, 0.3], id: 1, place: HERE, track: null, corner: null } as const;

  it('is a click until it goes somewhere', () => {
    expect(dragged(grip, [0.201, 0.3])).toBeNull();
  });

  it('moves a box, pulls a corner, or draws a new one', () => {
    expect(dragged(grip, [0.3, 0.3])).toEqual([0.2, 0.2, 0.4, 0.4]);
    expect(dragged({ ...grip, corner: 3 }, [0.3, 0.4])).toEqual([0.1, 0.2, 0.4, 0.5]);
    expect(dragged({ ...grip, id: null, place: null }, [0.1, 0.5])).toEqual([0.1, 0.3, 0.2, 0.5]);
  });
});

describe('a track', () => {
  it('is left clear once, and covered again', () => {
    const [track] = FILM.tracks;
    const clear = withClear(withClear(NO_EDITS, track!, true), track!, true);
    expect(clear.clear).toEqual([{ track: 1, kind: 'person', since_us: 0 }]);
    expect(isClear(clear, 1)).toBe(true);
    expect(withClear(clear, track!, false)).toEqual(NO_EDITS);
  });

  it('has a lane of the timeline to itself while there are lanes', () => {
    expect(lanes(FILM.tracks, 2).map((lane) => lane.length)).toEqual([1, 1]);
    expect(lanes(FILM.tracks, 1).map((lane) => lane.length)).toEqual([2]);
  });
});

describe('history', () => {
  it('takes back and brings back, and forgets what was taken back once something new comes', () => {
    const history = new History('a');
    history.push('b');
    history.push('c');
    expect([history.undo(), history.undo(), history.undo()]).toEqual(['b', 'a', 'a']);
    expect(history.redo()).toBe('b');
    history.push('d');
    expect([history.redo(), history.canRedo]).toEqual(['d', false]);
    expect(history.undo()).toBe('b');
  });

  it('counts one gesture as one step', () => {
    const history = new History(0);
    for (const state of [1, 2, 3]) history.push(state, 'nudge');
    expect(history.undo()).toBe(0);
    history.push(4, 'nudge');
    expect(history.undo()).toBe(0);
  });
});

it('writes times with hundredths', () => {
  expect([0, 4.04, 59.999, 62.4].map(filmTime)).toEqual(['0:00.00', '0:04.04', '1:00.00', '1:02.40']);
});

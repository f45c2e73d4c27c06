// @vitest-environment node
import { describe, expect, it } from 'vitest';
import type { Bytes } from '../secure/bytes';
import { findTracks, choicesOf, type TrackNote } from './track-notes';

/** `with_tracks` of `handfast.media.track_notes`, before a picture of `00 00 00 02 65 88`. */
const TWO =
  '000000460605425c1f0a7e38d24b699f04c6a1e87b2d35' +
  '3030303030303063303034623030396334303866633236343866666666666666653230303030303030303237313032373130' +
  '80000000026588';
const NONE = '000000140605105c1f0a7e38d24b699f04c6a1e87b2d3580000000026588';

function unit(hex: string): Bytes {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

function note(number: number, kind: TrackNote['kind'], box: readonly [number, number, number, number]): TrackNote {
  const [left, top, right, bottom] = box;
  return { number, kind, left, top, right, bottom };
}

describe('the notes of a unit', () => {
  it('are read as the site has written them', () => {
    expect(findTracks(unit(TWO))).toEqual([
      note(12, 'person', [1200, 2500, 2300, 9800]),
      note(0xfffffffe, 'vehicle', [0, 0, 10_000, 10_000]),
    ]);
    expect(findTracks(unit(NONE))).toEqual([]);
  });

  it('are none in a camera’s own picture', () => {
    expect(findTracks(unit('000000026588'))).toBeNull();
    expect(findTracks(unit(''))).toBeNull();
    expect(findTracks(unit(TWO).slice(0, 12))).toBeNull();
  });

  it('are not guessed where they are damaged', () => {
    const damaged = unit(TWO);
    damaged[23] = 'x'.charCodeAt(0);
    expect(findTracks(damaged)).toBeNull();
    // Cut off before its end: nothing of it counts.
    expect(findTracks(unit(TWO.slice(0, -14)))).toEqual([]);
  });
});

describe('whom or what one can ask to see', () => {
  it('are bodies, faces that belong to none of them, and vehicles, in the order of their numbers', () => {
    const body = note(9, 'person', [1000, 1000, 2000, 9000]);
    const itsFace = note(3, 'face', [1400, 1200, 1600, 1600]);
    const lone = note(5, 'face', [6000, 1200, 6200, 1600]);
    const car = note(1, 'vehicle', [0, 0, 500, 500]);
    expect(choicesOf([car, body, itsFace, lone]).map(({ number }) => number)).toEqual([1, 5, 9]);
  });
});

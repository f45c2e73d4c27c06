/** Notes of tracks as a site writes them before a redacted picture. */

import { concat, u32, type Bytes, utf8 } from '../../secure/bytes';
import type { TrackNote } from '../track-notes';

const UUID = Uint8Array.from([0x5c, 0x1f, 0x0a, 0x7e, 0x38, 0xd2, 0x4b, 0x69, 0x9f, 0x04, 0xc6, 0xa1, 0xe8, 0x7b, 0x2d, 0x35]);
const KINDS = ['person', 'face', 'vehicle'] as const;

/** Nothing where nothing is noted; else one SEI message, with its length before it. */
export function notesOf(tracks: readonly TrackNote[] | undefined): Bytes {
  if (tracks === undefined) return new Uint8Array(0);
  const digits = tracks.map(({ number, kind, left, top, right, bottom }) => {
    const edges = [left, top, right, bottom].map((edge) => hex(edge, 4));
    return `${hex(number, 8)}${KINDS.indexOf(kind)}${edges.join('')}`;
  });
  const body = concat(UUID, utf8(digits.join('')));
  const sizes = [...Array<number>(Math.floor(body.length / 255)).fill(255), body.length % 255];
  const nal = concat(Uint8Array.of(6, 5, ...sizes), body, Uint8Array.of(0x80));
  return concat(u32(nal.length), nal);
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

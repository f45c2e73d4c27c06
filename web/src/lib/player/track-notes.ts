/**
 * Where the people and vehicles of a redacted picture are, as the site notes it in the picture itself; the
 * mirror of `src/handfast/media/track_notes.py`.
 *
 * An SEI message (user_data_unregistered, H.264 D.1.6): `SEI_UUID`, then for each track 25
 * hexadecimal digits: number (8), kind (1), left, top, right and bottom (4 each).
 */

import type { Bytes } from '../secure/bytes';
import type { TrackKind } from '../secure/rendition';

export interface TrackNote {
  /** The same for one of them as long as the rendition lasts, and in the same range made again. */
  readonly number: number;
  readonly kind: TrackKind;
  /** In 1/10,000 of the picture's width; `top` and `bottom` of its height. */
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  /** In live pictures: id of the segment, which tells whose count the number is. */
  readonly seenIn?: string;
}

export const SCALE = 10_000;

const SEI_UUID = [0x5c, 0x1f, 0x0a, 0x7e, 0x38, 0xd2, 0x4b, 0x69, 0x9f, 0x04, 0xc6, 0xa1, 0xe8, 0x7b, 0x2d, 0x35];
/** The rbsp_trailing_bits that end the message. */
const STOP = 0x80;
const DIGITS = 25;
const KINDS = ['person', 'face', 'vehicle'] as const;

/** The notes of a decrypted unit; null when it has none, or what it has does not read. */
export function findTracks(data: Bytes): readonly TrackNote[] | null {
  const at = find(data, SEI_UUID);
  if (at < 0) return null;
  const start = at + SEI_UUID.length;
  const end = data.indexOf(STOP, start);
  const digits = end < 0 ? '' : String.fromCharCode(...data.subarray(start, end));
  const notes: TrackNote[] = [];
  for (let place = 0; place + DIGITS <= digits.length; place += DIGITS) {
    const note = readNote(digits.slice(place, place + DIGITS));
    if (note === null) return null;
    notes.push(note);
  }
  return notes;
}

/** Whom or what one can ask to see: bodies, faces of people of whom nothing else was found, vehicles. */
export function choicesOf(notes: readonly TrackNote[]): readonly TrackNote[] {
  const bodies = notes.filter(({ kind }) => kind === 'person');
  const alone = (face: TrackNote): boolean => !bodies.some((body) => holdsMiddle(body, face));
  return notes
    .filter((note) => note.kind !== 'face' || alone(note))
    .sort((left, right) => left.number - right.number);
}

function readNote(digits: string): TrackNote | null {
  const fields = /^([0-9a-f]{8})([0-2])([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})$/i.exec(digits);
  if (fields === null) return null;
  const [number = 0, , left = 0, top = 0, right = 0, bottom = 0] = fields.slice(1).map((field) => parseInt(field, 16));
  return { number, kind: KINDS[Number(fields[2])] ?? 'person', left, top, right, bottom };
}

function holdsMiddle(body: TrackNote, face: TrackNote): boolean {
  const [x, y] = [(face.left + face.right) / 2, (face.top + face.bottom) / 2];
  return body.left <= x && x <= body.right && body.top <= y && y <= body.bottom;
}

function find(data: Bytes, wanted: readonly number[]): number {
  const first = wanted[0] as number;
  for (let at = data.indexOf(first); at >= 0; at = data.indexOf(first, at + 1)) {
    if (wanted.every((byte, index) => data[at + index] === byte)) return at;
  }
  return -1;
}

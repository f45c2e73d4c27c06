/** The binary messages of a live view, node to browser (segment-format.md, "Live frames"). */

import { b64, type Bytes, fromUtf8, uuidText } from './bytes';
import { Refused } from './refused';
import {
  Cursor,
  HEADER_BYTES,
  readHeader,
  readRunRecord,
  readUnitRecord,
  type RunRecord,
  type SegmentHeader,
  type UnitRecord,
} from './segment';
import { parseJson } from './shape';

/** A run key under the grant's live key. */
export interface WrappedKey {
  readonly grant: string;
  readonly segment: string;
  readonly run: number;
  readonly leaf: number;
  readonly counter: number;
  readonly wrapped: Bytes;
}

export type LiveFrame =
  | { readonly type: 'segment'; readonly header: SegmentHeader }
  | { readonly type: 'run'; readonly segment: string; readonly record: RunRecord }
  | {
      readonly type: 'units';
      readonly segment: string;
      readonly run: number;
      readonly first: number;
      readonly units: readonly UnitRecord[];
    }
  | { readonly type: 'key'; readonly key: WrappedKey }
  | { readonly type: 'window' | 'end' | 'alive'; readonly envelope: unknown };

/** Reads one message; refuses what is cut, too long or of a type that is not known. */
export function readLiveFrame(bytes: Bytes): LiveFrame {
  const at = new Cursor(bytes);
  const frame = readTyped(at.u8(), at);
  if (at.left > 0) throw new Refused('malformed', `a live frame with ${at.left} stray bytes`);
  return frame;
}

function readTyped(type: number, at: Cursor): LiveFrame {
  switch (type) {
    case 1:
      return { type: 'segment', header: readHeader(at.take(HEADER_BYTES)) };
    case 2:
      return { type: 'run', segment: b64(at.take(16)), record: readRunRecord(at) };
    case 3:
      return readUnits(at);
    case 4:
      return { type: 'key', key: readKey(at) };
    case 5:
      return { type: 'window', envelope: readJson(at) };
    case 6:
      return { type: 'end', envelope: readJson(at) };
    case 7:
      return { type: 'alive', envelope: readJson(at) };
    default:
      throw new Refused('unknown-type', `live frame of type ${type}`);
  }
}

function readUnits(at: Cursor): LiveFrame {
  const [segment, run, first] = [b64(at.take(16)), at.u32(), at.u32()];
  const units: UnitRecord[] = [];
  while (at.left > 0) units.push(readUnitRecord(at));
  if (units.length === 0 || first === 0) throw new Refused('malformed', 'a units frame without units');
  return { type: 'units', segment, run, first, units };
}

function readKey(at: Cursor): WrappedKey {
  const [grant, segment, run, leaf] = [uuidText(at.take(16)), b64(at.take(16)), at.u32(), at.u32()];
  return { grant, segment, run, leaf, counter: at.u64(), wrapped: at.take(48) };
}

function readJson(at: Cursor): unknown {
  return parseJson(fromUtf8(at.take(at.left)), 'live frame');
}

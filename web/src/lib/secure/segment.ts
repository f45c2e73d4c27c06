/** The layout of a sealed segment (docs/reference/segment-format.md); no keys here. */

import { b64, type Bytes, copyOf, uuidText } from './bytes';
import { LEAVES } from './keytree';
import { Refused } from './refused';
import { type Rendition, renditionOf } from './rendition';
import type { Stream } from './statements';
import { SUITE } from './suite';

export const HEADER_BYTES = 104;
export const RUN_BYTES = 54;
export const UNIT_BYTES = 22;
export const TAG_BYTES = 16;
const MAGIC = 0x48465347; // "HFSG"
const VERSION = 1;
const RUN_KIND = 0x52;
const UNIT_KIND = 0x55;

/** What a segment is a recording of. Ids of 16 random bytes are base64url text. */
export interface SegmentHeader {
  readonly stream: Stream;
  readonly rendition: Rendition;
  readonly owner: string;
  readonly camera: string;
  readonly period: string;
  readonly segment: string;
  readonly periodStartUs: number;
  readonly startUs: number;
  readonly predecessor: string | null;
}

/** What stands before the units of a run; `config` is sealed and empty unless `key`. */
export interface RunRecord {
  readonly key: boolean;
  readonly leaf: number;
  readonly run: number;
  readonly startUs: number;
  readonly commitment: Bytes;
  readonly config: Bytes;
  /** The record as it stands in the file; run hashes start with it. */
  readonly bytes: Bytes;
}

/** One sealed access unit. `pts` and `dts` are ticks of 90,000 Hz. */
export interface UnitRecord {
  readonly track: number;
  readonly key: boolean;
  readonly flags: number;
  readonly pts: number;
  readonly dts: number;
  readonly sealed: Bytes;
  readonly bytes: Bytes;
}

export interface Run {
  readonly record: RunRecord;
  readonly units: readonly UnitRecord[];
  readonly offset: number;
  readonly length: number;
}

function malformed(message: string): Refused {
  return new Refused('malformed', message);
}

/** Reads fields one after the other and refuses to read past the end. */
export class Cursor {
  readonly #bytes: Bytes;
  readonly #view: DataView<ArrayBuffer>;

  constructor(
    bytes: Bytes,
    public at = 0,
  ) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#bytes.length - this.at;
  }

  take(length: number): Bytes {
    const from = this.#advance(length);
    return this.#bytes.subarray(from, from + length);
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4));
  }

  u64(): number {
    return exact(this.#view.getBigUint64(this.#advance(8)));
  }

  i64(): number {
    return exact(this.#view.getBigInt64(this.#advance(8)));
  }

  #advance(length: number): number {
    if (length > this.left) throw malformed(`cut at byte ${this.at}: ${length} more were expected`);
    this.at += length;
    return this.at - length;
  }
}

function exact(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw malformed('a time or counter beyond 2^53');
  return number;
}

export function readHeader(bytes: Bytes): SegmentHeader {
  const at = new Cursor(bytes);
  if (bytes.length < HEADER_BYTES || at.u32() !== MAGIC) throw malformed('no sealed segment');
  const [version, suite, stream, rendition] = [at.u8(), at.u8(), at.u8(), at.u8()];
  if (version !== VERSION || suite !== SUITE) {
    throw new Refused('unknown-suite', `segment version ${version}, suite ${suite} is not known here`);
  }
  const shown = renditionOf(rendition);
  if (stream > 1 || shown === null) throw malformed('segment header: no such stream or rendition');
  const [owner, camera, period, segment] = [at.take(16), at.take(16), at.take(16), at.take(16)];
  const [periodStartUs, startUs, before] = [at.u64(), at.u64(), at.take(16)];
  return {
    stream: stream === 0 ? 'main' : 'sub',
    rendition: shown,
    owner: uuidText(owner),
    camera: uuidText(camera),
    period: b64(period),
    segment: b64(segment),
    periodStartUs,
    startUs,
    predecessor: before.every((byte) => byte === 0) ? null : b64(before),
  };
}

export function readRunRecord(at: Cursor): RunRecord {
  const start = new Cursor(at.take(RUN_BYTES));
  const [kind, flags, leaf, run] = [start.u8(), start.u8(), start.u32(), start.u32()];
  const [startUs, commitment, length] = [start.u64(), start.take(32), start.u32()];
  const fits = flags === 1 ? length >= TAG_BYTES : flags === 0 && length === 0;
  if (kind !== RUN_KIND || leaf >= LEAVES || !fits) throw malformed('no run record');
  const config = at.take(length);
  at.at -= RUN_BYTES + length;
  const bytes = at.take(RUN_BYTES + length);
  return { key: flags === 1, leaf, run, startUs, commitment, config, bytes };
}

export function readUnitRecord(at: Cursor): UnitRecord {
  const start = new Cursor(at.take(UNIT_BYTES));
  const [kind, flags, length] = [start.u8(), start.u8(), start.u32()];
  const [pts, dts, track] = [start.i64(), start.i64(), flags >>> 4];
  // Track 15 is refused so that no unit's flags equal those of a configuration.
  if (kind !== UNIT_KIND || (flags & 0x0e) !== 0 || track === 15 || length < TAG_BYTES) {
    throw malformed('no unit record');
  }
  const sealed = at.take(length);
  at.at -= UNIT_BYTES + length;
  const bytes = at.take(UNIT_BYTES + length);
  return { track, key: (flags & 1) === 1, flags, pts, dts, sealed, bytes };
}

/** Reads all whole runs of `bytes` from `offset` on; what is torn at the end is left out. */
export function readRuns(bytes: Bytes, offset = HEADER_BYTES): readonly Run[] {
  const at = new Cursor(bytes, offset);
  const runs: Run[] = [];
  while (at.left > 0) {
    const run = whole(at, readRun);
    if (run === null || run.units.length === 0) break;
    runs.push(run);
  }
  return runs;
}

function readRun(at: Cursor): Run {
  const offset = at.at;
  const record = readRunRecord(at);
  const units: UnitRecord[] = [];
  for (let unit = whole(at, readUnitRecord); unit !== null; unit = whole(at, readUnitRecord)) {
    units.push(unit);
  }
  return { record, units, offset, length: at.at - offset };
}

/** One record, or null with the cursor where it was when there is none or it is cut. */
function whole<T>(at: Cursor, read: (at: Cursor) => T): T | null {
  const start = at.at;
  try {
    return at.left === 0 ? null : read(at);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    at.at = start;
    return null;
  }
}

/** A record that owns its bytes, for keeping longer than the message it came in. */
export function detached(record: RunRecord): RunRecord {
  return readRunRecord(new Cursor(copyOf(record.bytes)));
}

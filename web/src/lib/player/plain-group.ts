/** One group of pictures, opened unit by unit as it is needed, hashed meanwhile. */

import { b64, type Bytes, sha256 } from '../secure/bytes';
import { OpenRun } from '../secure/open-run';
import type { RecordedKeys } from '../secure/recorded-keys';
import { Refused } from '../secure/refused';
import { Cursor, readRunRecord, readUnitRecord, type RunRecord, type UnitRecord } from '../secure/segment';
import type { ManifestRun } from '../secure/statements';
import { type VideoConfig, videoConfig } from './codec';
import type { PlainUnit } from './picture';
import { type Group, wallOf } from './timeline';

interface SealedRun {
  readonly record: RunRecord;
  readonly units: readonly UnitRecord[];
  /** Opened at the first unit that is needed. */
  open: Promise<OpenRun> | null;
}

/** A sealed unit of the video track, in decoding order. */
interface Sealed {
  readonly run: SealedRun;
  /** Number in the run, from 1. */
  readonly number: number;
  readonly record: UnitRecord;
  plain: Promise<PlainUnit> | null;
}

export class PlainGroup {
  /** pts of the pictures that can be shown, in the order of their showing. */
  readonly shown: readonly number[];
  /** False when the bytes are not those that the node signed: shown, but no evidence. */
  readonly authentic: Promise<boolean>;
  readonly #keys: RecordedKeys;
  readonly #units: readonly Sealed[];

  private constructor(
    readonly group: Group,
    readonly config: VideoConfig,
    keys: RecordedKeys,
    runs: readonly SealedRun[],
    authentic: Promise<boolean>,
  ) {
    this.#keys = keys;
    this.#units = runs.flatMap((run) =>
      run.units.flatMap((record, index) => (record.track === 0 ? [{ run, number: index + 1, record, plain: null }] : [])),
    );
    // Pictures before the keyframe (of an open group) would need the group before.
    const first = this.#units[0]?.record.pts ?? 0;
    this.shown = this.#units
      .map(({ record }) => record.pts)
      .filter((pts) => pts >= first)
      .sort((left, right) => left - right);
    this.authentic = authentic;
  }

  /** Reads the runs of a group from its bytes and opens the first one's configuration. */
  static async open(group: Group, bytes: Bytes, keys: RecordedKeys): Promise<PlainGroup> {
    const start = (group.runs[0] as ManifestRun).offset;
    const parts = group.runs.map(({ offset, length }) => bytes.subarray(offset - start, offset - start + length));
    const runs = parts.map((part, index) => readWholeRun(part, group.runs[index] as ManifestRun));
    const first = runs[0] as SealedRun;
    first.open = openRun(group, first.record, keys);
    const opened = await first.open;
    const config = videoConfig(await opened.configuration(first.record.config));
    return new PlainGroup(group, config, keys, runs, matches(group, parts));
  }

  /** Units of the video track. */
  get length(): number {
    return this.#units.length;
  }

  /** Place of a picture in decoding order; -1 when it is not of this group. */
  indexOf(pts: number): number {
    return this.#units.findIndex(({ record }) => record.pts === pts);
  }

  /** The unit at a place in decoding order; opened once, kept as long as the group. */
  unit(index: number): Promise<PlainUnit> {
    const unit = this.#units[index];
    if (unit === undefined) return Promise.reject(new RangeError('no such unit in the group'));
    unit.plain ??= this.#openUnit(unit);
    return unit.plain;
  }

  /** The last picture at or before `wallUs`, or the first of the group. */
  ptsAt(wallUs: number): number {
    return this.shown.findLast((pts) => wallOf(this.group, pts) <= wallUs) ?? (this.shown[0] as number);
  }

  async #openUnit({ run, number, record }: Sealed): Promise<PlainUnit> {
    run.open ??= openRun(this.group, run.record, this.#keys);
    const data = await (await run.open).unit(number, record);
    return { key: record.key, pts: record.pts, dts: record.dts, data };
  }
}

async function openRun(group: Group, record: RunRecord, keys: RecordedKeys): Promise<OpenRun> {
  const { sealing } = group.segment;
  const key = await keys.runKey({ ...sealing, leaf: record.leaf, run: record.run });
  return OpenRun.with(key, sealing, record);
}

/** Whether every run has the hash that the manifest names. */
async function matches(group: Group, parts: readonly Bytes[]): Promise<boolean> {
  const hashes = await Promise.all(parts.map(sha256));
  return hashes.every((hash, index) => b64(hash) === group.runs[index]?.sha256);
}

/** Exactly one run, whole: inside a manifest's bounds nothing may be torn. */
function readWholeRun(bytes: Bytes, listed: ManifestRun): SealedRun {
  const at = new Cursor(bytes);
  const record = readRunRecord(at);
  if (record.run !== listed.run || record.leaf !== listed.leaf) {
    throw new Refused('not-ours', 'the hub sent another run than the one listed');
  }
  const units: UnitRecord[] = [];
  while (at.left > 0) units.push(readUnitRecord(at));
  return { record, units, open: null };
}

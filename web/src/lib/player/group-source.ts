/** Groups of pictures from the hub: fetched, hashed against the manifest, opened, kept a while. */

import { b64, type Bytes, concat, sha256 } from '../secure/bytes';
import { OpenRun } from '../secure/open-run';
import type { RecordedKeys } from '../secure/recorded-keys';
import { Refused } from '../secure/refused';
import { Cursor, readRunRecord, readUnitRecord, type Run, type UnitRecord } from '../secure/segment';
import type { ManifestRun } from '../secure/statements';
import { type VideoConfig, videoConfig } from './codec';
import type { PlainUnit } from './picture';
import type { Group } from './timeline';

/** A group ready to be decoded. */
export interface PlainGroup {
  readonly group: Group;
  readonly config: VideoConfig;
  /** In decoding order. */
  readonly units: readonly PlainUnit[];
  /** False when the bytes are not those that the node signed: shown, but no evidence. */
  readonly authentic: boolean;
}

/** Bytes `[offset, offset + length)` of a segment, `length` at most 1 MiB. */
export type FetchBytes = (segment: string, offset: number, length: number, signal: AbortSignal) => Promise<Bytes>;

const PIECE = 1 << 20;
/** About 1 MB each at 4 Mbit/s and 2 s. */
const GROUPS_KEPT = 12;

export class GroupSource {
  readonly #fetch: FetchBytes;
  readonly #keys: RecordedKeys;
  readonly #kept = new Map<Group, PlainGroup>();

  constructor(fetch: FetchBytes, keys: RecordedKeys) {
    this.#fetch = fetch;
    this.#keys = keys;
  }

  async load(group: Group, signal: AbortSignal): Promise<PlainGroup> {
    const known = this.#kept.get(group);
    if (known !== undefined) {
      this.#kept.delete(group);
      this.#kept.set(group, known);
      return known;
    }
    const bytes = await this.#bytesOf(group, signal);
    const plain = await this.#open(group, bytes);
    signal.throwIfAborted();
    this.#kept.set(group, plain);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= GROUPS_KEPT) break;
      this.#kept.delete(oldest);
    }
    return plain;
  }

  /** Forgets all pictures; for the end of a grant. */
  clear(): void {
    this.#kept.clear();
  }

  async #bytesOf(group: Group, signal: AbortSignal): Promise<Bytes> {
    const [first, last] = [group.runs[0] as ManifestRun, group.runs.at(-1) as ManifestRun];
    const until = last.offset + last.length;
    const pieces: Promise<Bytes>[] = [];
    for (let offset = first.offset; offset < until; offset += PIECE) {
      const length = Math.min(PIECE, until - offset);
      pieces.push(this.#fetch(group.segment.sealing.segment, offset, length, signal));
    }
    const bytes = concat(...(await Promise.all(pieces)));
    if (bytes.length !== until - first.offset) throw new Refused('malformed', 'the hub sent less than was asked for');
    return bytes;
  }

  async #open(group: Group, bytes: Bytes): Promise<PlainGroup> {
    const start = (group.runs[0] as ManifestRun).offset;
    const opened = await Promise.all(
      group.runs.map((run) => this.#openRun(group, run, bytes.subarray(run.offset - start, run.offset - start + run.length))),
    );
    const config = opened[0]?.config;
    if (config === undefined || config === null) throw new Refused('malformed', 'a group without configuration');
    return {
      group,
      config,
      units: opened.flatMap(({ units }) => units),
      authentic: opened.every(({ authentic }) => authentic),
    };
  }

  async #openRun(
    group: Group,
    listed: ManifestRun,
    bytes: Bytes,
  ): Promise<{ units: PlainUnit[]; config: VideoConfig | null; authentic: boolean }> {
    const { sealing } = group.segment;
    const { record, units } = readWholeRun(bytes);
    if (record.run !== listed.run || record.leaf !== listed.leaf) {
      throw new Refused('not-ours', 'the hub sent another run than the one listed');
    }
    const [hash, key] = await Promise.all([
      sha256(bytes),
      this.#keys.runKey({ ...sealing, leaf: record.leaf, run: record.run }),
    ]);
    const open = await OpenRun.with(key, sealing, record);
    const config = record.key ? videoConfig(await open.configuration(record.config)) : null;
    return {
      units: await openUnits(open, units),
      config,
      authentic: b64(hash) === listed.sha256,
    };
  }
}

async function openUnits(open: OpenRun, units: readonly UnitRecord[]): Promise<PlainUnit[]> {
  const video = units.map((record, index) => ({ record, unit: index + 1 })).filter(({ record }) => record.track === 0);
  const plain = await Promise.all(video.map(({ record, unit }) => open.unit(unit, record)));
  return video.map(({ record: { key, pts, dts } }, index) => ({ key, pts, dts, data: plain[index] as Bytes }));
}

/** Exactly one run, whole: inside a manifest's bounds nothing may be torn. */
function readWholeRun(bytes: Bytes): Pick<Run, 'record' | 'units'> {
  const at = new Cursor(bytes);
  const record = readRunRecord(at);
  const units: UnitRecord[] = [];
  while (at.left > 0) units.push(readUnitRecord(at));
  return { record, units };
}

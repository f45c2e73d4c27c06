/** The runs of a live view: in order, each opened once its key is there and explained. */

import type { Bytes } from '../secure/bytes';
import type { LiveFrame } from '../secure/live-frames';
import { OpenRun } from '../secure/open-run';
import { Refused } from '../secure/refused';
import { detached, type RunRecord, type SegmentHeader, type UnitRecord } from '../secure/segment';
import { sameConfig, videoConfig, type VideoConfig } from './codec';
import type { Position } from './liveness';
import type { MakeDecoder, Picture, PictureDecoder } from './picture';
import type { RunHashes } from './run-hashes';
import { findTracks, type TrackNote } from './track-notes';

export interface RunPorts {
  readonly decoder: MakeDecoder;
  readonly hashes: RunHashes;
  readonly header: (segment: string) => SegmentHeader | undefined;
  /** Null while the key or its window has not come. */
  readonly keyOf: (segment: string, run: number, startUs: number) => Promise<{ raw: Bytes; leaf: number } | null>;
  /** `tracks` is what a redacted picture notes of who is where; null where it notes nothing. */
  readonly onPicture: (picture: Picture, position: Position, tracks: readonly TrackNote[] | null) => void;
  readonly onFault: (error: unknown) => void;
}

interface CurrentRun {
  readonly segment: string;
  readonly record: RunRecord;
  /** Record and units as they came; null once something is missing. */
  parts: Bytes[] | null;
  /** Number of the next unit. */
  next: number;
  /** Units that wait for the key. */
  held: { readonly unit: number; readonly record: UnitRecord }[];
  opened: OpenRun | null;
  /** False while earlier units of the group are missing: nothing here can be decoded. */
  decodable: boolean;
}

/** A picture inside the decoder: where it is from, and who is where in it. */
interface Fed {
  readonly position: Position;
  readonly tracks: readonly TrackNote[] | null;
}

type Units = Extract<LiveFrame, { type: 'units' }>;

/** A run is at most a second; more units than this without a key are a fault, not a delay. */
const HELD_AT_MOST = 240;
/** About a second of units that wait for the decoder: it cannot keep up, so a group is lost. */
const QUEUED_AT_MOST = 25;
/** Pictures inside the decoder; B-frames keep a few. */
const POSITIONS_KEPT = 256;

export class LiveRuns {
  readonly #ports: RunPorts;
  readonly #positions = new Map<number, Fed>();
  readonly #left = new Set<string>();
  #decoder: PictureDecoder;
  #config: VideoConfig | null = null;
  #current: CurrentRun | null = null;
  #closed = false;

  constructor(ports: RunPorts) {
    this.#ports = ports;
    this.#decoder = this.#makeDecoder();
  }

  /** Units that wait for the decoder. */
  get queued(): number {
    return this.#decoder.queued;
  }

  /** A run begins; the one before it is finished. */
  async begin(segment: string, record: RunRecord): Promise<void> {
    const before = this.#current;
    // After a lost connection the node sends the present group again; what is known stays as it is.
    if (!this.#isNewer(segment, record.run)) return;
    if (before !== null) await this.#finish(before, segment);
    const follows = before?.segment === segment && before.record.run + 1 === record.run;
    const decodable = record.key || (follows && before.decodable && before.held.length === 0);
    const copy = detached(record);
    this.#current = { segment, record: copy, parts: [copy.bytes], next: 1, held: [], opened: null, decodable };
    await this.retry();
  }

  /** Units of the current run; those of a run whose beginning was missed are passed over. */
  async take(frame: Units): Promise<void> {
    const run = this.#current;
    if (run === null || run.segment !== frame.segment || run.record.run !== frame.run) return;
    const known = run.next - frame.first;
    if (known >= frame.units.length) return;
    if (frame.first > run.next) {
      // Something is missing: what follows in this group cannot be decoded, nor hashed.
      run.parts = null;
      run.decodable = false;
    }
    run.next = frame.first + frame.units.length;
    frame.units.forEach((record, index) => {
      if (index < known) return;
      run.parts?.push(record.bytes);
      if (run.decodable && record.track === 0) run.held.push({ unit: frame.first + index, record });
    });
    if (run.held.length > HELD_AT_MOST) this.#giveUp(run);
    await this.retry();
  }

  /** A key or a window has come: opens what waits for it. */
  async retry(): Promise<void> {
    const run = this.#current;
    if (run === null || !run.decodable) return;
    try {
      if (run.opened === null) await this.#open(run);
      if (run.opened !== null) await this.#decodeHeld(run, run.opened);
    } catch (error) {
      this.#giveUp(run);
      throw error;
    }
  }

  close(): void {
    this.#closed = true;
    this.#current = null;
    this.#decoder.close();
  }

  async #open(run: CurrentRun): Promise<void> {
    const header = this.#ports.header(run.segment);
    if (header === undefined) return;
    const key = await this.#ports.keyOf(run.segment, run.record.run, run.record.startUs);
    if (key === null) return;
    if (key.leaf !== run.record.leaf) throw new Refused('bad-seal', 'the key is of another second');
    const opened = await OpenRun.with(key.raw, header, run.record);
    if (run.record.key) await this.#configure(videoConfig(await opened.configuration(run.record.config)));
    run.opened = opened;
  }

  async #configure(config: VideoConfig): Promise<void> {
    if (this.#config !== null && sameConfig(this.#config, config)) return;
    if (this.#config !== null) await this.#decoder.flush();
    await this.#decoder.configure(config);
    this.#config = config;
  }

  async #decodeHeld(run: CurrentRun, opened: OpenRun): Promise<void> {
    // A browser that is too slow would fall behind without end; it continues at a keyframe.
    if (this.#decoder.queued > QUEUED_AT_MOST) return this.#giveUp(run);
    const waiting = run.held.splice(0);
    // Opened side by side, decoded in order.
    const plain = waiting.map(({ unit, record }) => opened.unit(unit, record));
    const opening = await Promise.all(plain);
    if (this.#closed) return;
    const notes = this.#ports.header(run.segment)?.rendition !== 'clear';
    waiting.forEach(({ unit, record }, index) => {
      const data = opening[index] as Bytes;
      const position = { segment: run.segment, run: run.record.run, unit, pts: record.pts };
      this.#note(record.pts, { position, tracks: notes ? findTracks(data) : null });
      this.#decoder.decode({ key: record.key, pts: record.pts, dts: record.dts, data });
    });
  }

  async #finish(run: CurrentRun, nextSegment: string): Promise<void> {
    if (nextSegment !== run.segment) this.#left.add(run.segment);
    if (run.parts !== null) await this.#ports.hashes.finished(run.segment, run.record.run, run.parts);
  }

  #isNewer(segment: string, run: number): boolean {
    if (this.#left.has(segment)) return false;
    return this.#current?.segment !== segment || run > this.#current.record.run;
  }

  #giveUp(run: CurrentRun): void {
    run.decodable = false;
    run.held = [];
  }

  #note(pts: number, fed: Fed): void {
    this.#positions.set(pts, fed);
    for (const oldest of this.#positions.keys()) {
      if (this.#positions.size <= POSITIONS_KEPT) break;
      this.#positions.delete(oldest);
    }
  }

  #makeDecoder(): PictureDecoder {
    return this.#ports.decoder({
      onPicture: (picture) => {
        const fed = this.#positions.get(picture.pts);
        this.#positions.delete(picture.pts);
        if (fed === undefined || this.#closed) picture.close();
        else this.#ports.onPicture(picture, fed.position, fed.tracks);
      },
      onFault: (error) => this.#replaceDecoder(error),
    });
  }

  /** A decoder that has failed is of no more use: a new one starts at the next keyframe. */
  #replaceDecoder(error: Error): void {
    if (this.#closed) return;
    this.#ports.onFault(error);
    this.#decoder.close();
    this.#config = null;
    this.#decoder = this.#makeDecoder();
    if (this.#current !== null) this.#giveUp(this.#current);
  }
}

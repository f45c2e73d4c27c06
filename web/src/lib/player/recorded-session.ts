/**
 * A recorded range: any instant to its exact picture, picture by picture, or at the pace of life.
 *
 * One thing happens at a time: a new wish ends the one before, and a wish that has been overtaken
 * draws nothing. The picture of an instant is the last one at or before it.
 */

import { Refused } from '../secure/refused';
import type { GroupSource } from './group-source';
import { CannotPlay, type MakeDecoder, NoPicture, type Picture } from './picture';
import { PictureWindow } from './picture-window';
import type { PlainGroup } from './plain-group';
import { type Group, type Timeline, wallOf } from './timeline';
import { findTracks, type TrackNote } from './track-notes';

export type RecordedPhase =
  | { readonly phase: 'empty' }
  | { readonly phase: 'seeking'; readonly wallUs: number }
  /** Shows the picture of `wallUs`; `gap` when the asked instant itself has none. */
  | { readonly phase: 'paused' | 'playing'; readonly wallUs: number; readonly gap: boolean }
  | { readonly phase: 'cannot-play'; readonly family: 'h264' | 'h265'; readonly codec: string }
  /** `why`: code of a refusal, `unreachable` or `no-picture`. */
  | { readonly phase: 'failed'; readonly wallUs: number; readonly why: string };

export type RecordedState = RecordedPhase & {
  /** Of the shown picture: `no` when its bytes are not what the node signed, `unknown` when not signed yet. */
  readonly authentic: 'unknown' | 'yes' | 'no';
  /** Who is where in the shown picture; null when it does not say. */
  readonly tracks: readonly TrackNote[] | null;
};

export interface RecordedPorts {
  readonly timeline: Timeline;
  /** Whether more of the range is being made: playing waits at the end instead of stopping. */
  readonly growing: boolean;
  readonly source: GroupSource;
  readonly decoder: MakeDecoder;
  /** Draws; the picture stays the session's. */
  readonly draw: (picture: Picture, wallUs: number) => void;
  readonly onState: (state: RecordedState) => void;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
  /** Calls back about once per screen refresh until the returned function is called. */
  readonly everyFrame: (callback: () => void) => () => void;
}

interface Target {
  /** Of the group in the timeline. */
  readonly index: number;
  readonly plain: PlainGroup;
  readonly pts: number;
}

/** What is on the screen. */
interface Place extends Target {
  readonly authentic: boolean;
  readonly tracks: readonly TrackNote[] | null;
}

/** Units decoded beyond the shown picture when moving forward. */
const AHEAD = 4;
/** Playing further off than this from the clock starts the clock anew. */
const DRIFT_US = 1_000_000;

export class RecordedSession {
  readonly #ports: RecordedPorts;
  readonly #window: PictureWindow;
  #timeline: Timeline;
  #growing: boolean;
  #abort = new AbortController();
  #queue: Promise<void> = Promise.resolve();
  #place: Place | null = null;
  #stopFrames: (() => void) | null = null;

  constructor(ports: RecordedPorts) {
    this.#ports = ports;
    [this.#timeline, this.#growing] = [ports.timeline, ports.growing];
    this.#window = new PictureWindow(ports.decoder);
    if (ports.timeline.groups.length === 0) this.#tell({ phase: 'empty' });
  }

  /** Wall clock of the shown picture, microseconds. */
  get wallUs(): number | null {
    return this.#place === null ? null : placeUs(this.#place);
  }

  /** Takes a timeline that continues the one before: what was in it has the same place. */
  extend(timeline: Timeline, growing: boolean): void {
    [this.#timeline, this.#growing] = [timeline, growing];
  }

  /** Shows the picture of `wallUs`, or the first one. Resolves when drawn, failed or overtaken. */
  seek(wallUs: number): Promise<void> {
    this.#halt();
    this.#tell({ phase: 'seeking', wallUs });
    return this.#only(wallUs, async (signal) => {
      const index = Math.max(0, this.#timeline.indexAt(wallUs));
      const plain = await this.#load(index, signal);
      if (plain === null) return this.#tell({ phase: 'empty' });
      await this.#show({ index, plain, pts: plain.ptsAt(wallUs) }, 0, signal);
      this.#tellPaused(!this.#timeline.holds(wallUs));
    });
  }

  /** Moves by one picture, over group boundaries. */
  step(by: 1 | -1): Promise<void> {
    this.#halt();
    return this.#only(this.wallUs ?? 0, async (signal) => {
      const to = this.#place && (await this.#neighbour(this.#place, by, signal));
      if (to) await this.#show(to, by > 0 ? AHEAD : 0, signal);
      this.#tellPaused(false);
    });
  }

  /** Plays on from the shown picture at the pace of life; gaps are passed over. */
  play(): void {
    if (this.#stopFrames !== null || this.#place === null) return;
    const clock = { startMs: this.#ports.nowMs(), startUs: placeUs(this.#place) };
    let busy = false;
    this.#stopFrames = this.#ports.everyFrame(() => {
      if (busy) return;
      busy = true;
      const done = this.#only(clock.startUs, (signal) => this.#advance(clock, signal), false);
      void done.finally(() => (busy = false));
    });
  }

  /** Stays on the shown picture. */
  pause(): void {
    if (this.#stopFrames === null) return;
    this.#halt();
    this.#tellPaused(false);
  }

  close(): void {
    this.#halt();
    this.#abort.abort();
    this.#place = null;
    this.#window.close();
    this.#ports.source.clear();
  }

  async #advance(clock: { startMs: number; startUs: number }, signal: AbortSignal): Promise<void> {
    const from = this.#place;
    if (from === null) return;
    const dueUs = clock.startUs + (this.#ports.nowMs() - clock.startMs) * 1000;
    const next = await this.#due(from, dueUs, signal);
    if (next === null && this.#growing) return void Object.assign(clock, { startMs: this.#ports.nowMs(), startUs: placeUs(from) });
    if (next === null) return this.pause();
    if (next.plain === from.plain && next.pts === from.pts) return;
    const wallUs = placeUs(next);
    if (Math.abs(wallUs - dueUs) > DRIFT_US) Object.assign(clock, { startMs: this.#ports.nowMs(), startUs: wallUs });
    // The next group is on its way before it is due.
    void this.#load(next.index + 1, signal).catch(() => undefined);
    await this.#show(next, AHEAD, signal);
    if (this.#stopFrames !== null) this.#tell({ phase: 'playing', wallUs, gap: false });
  }

  /** What should be on the screen at `dueUs`; null at the end of the recordings. */
  async #due(from: Place, dueUs: number, signal: AbortSignal): Promise<Target | null> {
    const next = this.#timeline.groups[from.index + 1];
    const now = await this.#grown(from, signal);
    const over = dueUs >= now.group.untilUs;
    if (next !== undefined && (dueUs >= next.startUs || over)) {
      const plain = await this.#load(from.index + 1, signal);
      return plain && { index: from.index + 1, plain, pts: plain.ptsAt(Math.max(dueUs, next.startUs)) };
    }
    return over ? null : { ...from, plain: now, pts: Math.max(from.pts, now.ptsAt(dueUs)) };
  }

  /** The group of a place as it is now: the last one of a range that is being made grows. */
  async #grown({ index, plain }: Place, signal: AbortSignal): Promise<PlainGroup> {
    const isSame = this.#timeline.groups[index] === plain.group;
    return isSame ? plain : ((await this.#load(index, signal)) ?? plain);
  }

  async #neighbour(from: Place, by: 1 | -1, signal: AbortSignal): Promise<Target | null> {
    const now = await this.#grown(from, signal);
    const pts = now.shown[now.shown.indexOf(from.pts) + by];
    if (pts !== undefined) return { ...from, plain: now, pts };
    const plain = await this.#load(from.index + by, signal);
    const edge = plain?.shown.at(by > 0 ? 0 : -1);
    return plain === null || edge === undefined ? null : { index: from.index + by, plain, pts: edge };
  }

  #load(index: number, signal: AbortSignal): Promise<PlainGroup | null> {
    const group: Group | undefined = this.#timeline.groups[index];
    return group === undefined ? Promise.resolve(null) : this.#ports.source.load(group, signal);
  }

  async #show(place: Target, ahead: number, signal: AbortSignal): Promise<void> {
    const picture = await this.#window.get(place.plain, place.pts, ahead);
    signal.throwIfAborted();
    this.#ports.draw(picture, placeUs(place));
    // The picture does not wait for its hash; what is said of it does.
    const [authentic, tracks] = await Promise.all([place.plain.authentic, tracksOf(place)]);
    this.#place = { ...place, authentic, tracks };
  }

  /** Runs `work` alone, after ending what runs unless `overtake` is false. */
  #only(wallUs: number, work: (signal: AbortSignal) => Promise<void>, overtake = true): Promise<void> {
    if (overtake) {
      this.#abort.abort();
      this.#abort = new AbortController();
      this.#window.cancel();
    }
    const { signal } = this.#abort;
    this.#queue = this.#queue.then(async () => {
      if (signal.aborted) return;
      try {
        await work(signal);
      } catch (error) {
        if (!signal.aborted) this.#fail(error, wallUs);
      }
    });
    return this.#queue;
  }

  #fail(error: unknown, wallUs: number): void {
    this.#halt();
    if (error instanceof CannotPlay) {
      return this.#tell({ phase: 'cannot-play', family: error.family, codec: error.codec });
    }
    const other = error instanceof NoPicture ? 'no-picture' : 'unreachable';
    this.#tell({ phase: 'failed', wallUs, why: error instanceof Refused ? error.code : other });
  }

  #halt(): void {
    this.#stopFrames?.();
    this.#stopFrames = null;
  }

  #tellPaused(gap: boolean): void {
    if (this.#place !== null) this.#tell({ phase: 'paused', wallUs: placeUs(this.#place), gap });
  }

  #tell(phase: RecordedPhase): void {
    this.#ports.onState({ ...phase, authentic: this.#authentic(), tracks: this.#place?.tracks ?? null });
  }

  #authentic(): RecordedState['authentic'] {
    if (this.#place === null) return 'unknown';
    const { plain, authentic } = this.#place;
    if (!authentic) return 'no';
    return plain.group.segment.signed ? 'yes' : 'unknown';
  }
}

/** Only redacted pictures have notes of the site's. */
async function tracksOf({ plain, pts }: Target): Promise<readonly TrackNote[] | null> {
  if (plain.group.segment.sealing.rendition === 'clear') return null;
  return findTracks((await plain.unit(plain.indexOf(pts))).data);
}

function placeUs({ plain, pts }: Target): number {
  return wallOf(plain.group, pts);
}

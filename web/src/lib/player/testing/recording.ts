/** Recorded segments with the answers of a hub, and what to play them on. */

import { b64, type Bytes, concat } from '../../secure/bytes';
import type { Json } from '../../secure/canonical';
import { RecordedKeys } from '../../secure/recorded-keys';
import { type Grant, manifest, type Rendition } from '../../secure/statements';
import { avcConfig, type TestSegment } from '../../secure/testing/sealer';
import { ids, keyOf, NOON, signedBy, TestSite } from '../../secure/testing/site';
import { GroupSource } from '../group-source';
import { RecordedSession, type RecordedState } from '../recorded-session';
import { readRecordings, type Recordings } from '../recordings';
import { Timeline } from '../timeline';
import type { TrackNote } from '../track-notes';
import { FakeDecoder } from './fake-decoder';
import { AVCC } from './live-story';
import { notesOf } from './notes';

export const FRAME_US = 40_000;
export const FRAME_TICKS = 3600;

/** Decoding order of B-pictures, as offsets in pictures: I P B B. */
const REORDERED = [0, 3, 1, 2];

interface RecordOptions {
  readonly reordered?: boolean;
  readonly rendition?: Rendition;
  /** Who is where in each picture. */
  readonly tracks?: readonly TrackNote[];
}

export class TestRecording {
  readonly segments: TestSegment[] = [];
  readonly fetched: string[] = [];
  readonly periodNodes: [number, number, string][] = [];
  fetchDelay: () => Promise<void> = async () => undefined;
  damage: (bytes: Bytes) => Bytes = (bytes) => bytes;

  private constructor(
    readonly site: TestSite,
    readonly grant: Grant,
  ) {}

  static async create(): Promise<TestRecording> {
    const site = await TestSite.create();
    const asked = await site.asked({ view: 'recorded', from_us: NOON - 1_000_000, until_us: NOON + 100_000_000 });
    return new TestRecording(site, site.grant(asked));
  }

  /**
   * Records groups of 25 pictures, each in two runs of 13 and 12, one second a group.
   *
   * `reordered` writes groups of 24 with B-pictures, in runs of 12.
   */
  async record(groups: number, startUs: number, options: RecordOptions = {}): Promise<TestSegment> {
    const segment = this.site.segment(this.segments.length + 1, startUs, 1, options.rendition);
    this.segments.push(segment);
    await this.continue(segment, groups, startUs, options);
    return segment;
  }

  /** Records so many groups more into a segment, from `startUs` on. */
  async continue(segment: TestSegment, groups: number, startUs: number, options: RecordOptions = {}): Promise<void> {
    const known = segment.runs.length / 2;
    for (let group = 0; group < groups; group += 1) {
      const at = startUs + group * 1_000_000;
      const leaf = Math.floor((at - NOON) / 1_000_000) + 10;
      const base = (known + group) * 25 * FRAME_TICKS;
      const pictures = Array.from({ length: options.reordered ? 24 : 25 }, (_, index) => {
        const shown = options.reordered ? index - (index % 4) + (REORDERED[index % 4] as number) : index;
        return { key: index === 0, pts: base + shown * FRAME_TICKS, dts: base + index * FRAME_TICKS, data: concat(notesOf(options.tracks), Uint8Array.of(group, shown)) };
      });
      const half = options.reordered ? 12 : 13;
      await segment.append(keyOf(leaf), leaf, at, avcConfig(AVCC), pictures.slice(0, half));
      await segment.append(keyOf(leaf), leaf, at + half * FRAME_US, null, pictures.slice(half));
      this.periodNodes.push([17, leaf, b64(keyOf(leaf))]);
    }
  }

  manifestOf(segment: TestSegment, changes: Record<string, Json> = {}, key = this.site.nodeKey) {
    const runs = segment.runs.map(({ listed }) => ({ ...listed }));
    const statement = {
      suite: 1, owner: ids.owner, node: ids.node, camera: ids.camera, stream: 'main', rendition: segment.of.rendition, period: segment.period,
      period_start_us: NOON, segment: segment.segment, predecessor: null, start_us: segment.startUs,
      end_us: runs.at(-1)?.end_us ?? segment.startUs, bytes: segment.bytes.length, recovered: false, lost_units: 0, runs, ...changes,
    };
    return signedBy(manifest, statement, key);
  }

  async recordings(options: { open?: TestSegment[] } = {}): Promise<Recordings> {
    const open = options.open ?? [];
    const closed = this.segments.filter((segment) => !open.includes(segment));
    const body = {
      manifests: await Promise.all(closed.map((segment) => this.manifestOf(segment))),
      open: open.map((segment) => ({ header: b64(segment.header), segment: segment.segment, runs: segment.runs.map(({ listed }) => listed) })),
    };
    return readRecordings(body, this.site.trusted, this.grant);
  }

  keys(nodes = this.periodNodes): RecordedKeys {
    // Tests seal with any key per second, so nodes are leaves; real covers are held by the golden vectors.
    const period = this.segments[0]?.period as string;
    return new RecordedKeys([{ period, nodes }], []);
  }

  source(keys: RecordedKeys): GroupSource {
    return new GroupSource(async (segment, offset, length, signal) => {
      this.fetched.push(segment);
      await this.fetchDelay();
      signal.throwIfAborted();
      const found = this.segments.find((one) => one.segment === segment) as TestSegment;
      return this.damage(found.bytes.slice(offset, offset + length));
    }, keys);
  }
}

/** A recorded view with everything it drew and said. */
export class RecordedStory {
  readonly states: RecordedState[] = [];
  readonly drawn: { readonly pts: number; readonly wallUs: number }[] = [];
  readonly decoders: FakeDecoder[] = [];
  nowMs = 0;
  #frame: (() => void) | null = null;
  readonly session: RecordedSession;

  constructor(timeline: Timeline, source: GroupSource, options: { delay?: number; supported?: boolean; growing?: boolean } = {}) {
    this.session = new RecordedSession({
      timeline,
      growing: options.growing ?? false,
      source,
      decoder: (events) => {
        const decoder = new FakeDecoder(events, options.delay ?? 0, options.supported ?? true);
        this.decoders.push(decoder);
        return decoder;
      },
      draw: ({ pts }, wallUs) => void this.drawn.push({ pts, wallUs }),
      onState: (state) => void this.states.push(state),
      nowMs: () => this.nowMs,
      everyFrame: (callback) => {
        this.#frame = callback;
        return () => (this.#frame = null);
      },
    });
  }

  static async of(recording: TestRecording, options: { delay?: number; supported?: boolean; open?: TestSegment[] } = {}): Promise<RecordedStory> {
    const keys = recording.keys();
    const { segments } = await recording.recordings(options.open ? { open: options.open } : {});
    return new RecordedStory(new Timeline(segments, keys), recording.source(keys), options);
  }

  get state(): RecordedState {
    return this.states.at(-1) as RecordedState;
  }

  get playing(): boolean {
    return this.#frame !== null;
  }

  /** Screen refreshes every 20 ms, each after what the one before set going. */
  async play(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 20) {
      this.nowMs += 20;
      this.#frame?.();
      await new Promise((resolve) => setTimeout(resolve, 0));
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }
}

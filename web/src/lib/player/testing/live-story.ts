/** A live view from the outside: a site that seals and answers, a hub that may lie, a clock. */

import { b64, type Bytes, unhex } from '../../secure/bytes';
import type { Json } from '../../secure/canonical';
import type { Envelope } from '../../secure/envelope';
import type { ReleasedKeys } from '../../secure/release';
import type { SealedRun, TestSegment } from '../../secure/testing/sealer';
import { avcConfig } from '../../secure/testing/sealer';
import { jsonFrame, keyOf, NOON, runFrame, segmentFrame, TestSite, unitsFrame } from '../../secure/testing/site';
import { LiveSession, type LiveState } from '../live-session';
import { FakeDecoder } from './fake-decoder';

/** A constrained-baseline record; no decoder here looks inside. */
export const AVCC: Bytes = unhex('0142c01effe1000467640028010004680ee3cb');
const FRAME_MS = 40;
const FRAME_TICKS = 3600;

export class LiveStory {
  readonly states: LiveState[] = [];
  readonly nonces: string[] = [];
  readonly drawn: number[] = [];
  readonly decoders: FakeDecoder[] = [];
  nowMs = 1000;
  session!: LiveSession;
  segment!: TestSegment;
  /** Where the camera is: pts of the newest unit, its run and number. */
  newest = { segment: '', run: 0, unit: 0, pts: 0 };
  #nextPts = 0;

  private constructor(readonly site: TestSite) {}

  static async begin(options: { supported?: boolean } = {}): Promise<LiveStory> {
    const story = new LiveStory(await TestSite.create());
    const asked = await story.site.asked();
    const keys: ReleasedKeys = { view: 'live', liveKey: story.site.liveKey, window: { from_us: NOON, until_us: NOON + 10_000_000 } };
    if (keys.view !== 'live') throw new Error('unreachable');
    story.segment = story.site.segment(1);
    story.session = await LiveSession.start({
      node: story.site.trusted,
      grant: story.site.grant(asked),
      keys,
      decoder: (events) => {
        const decoder = new FakeDecoder(events, 0, options.supported ?? true);
        story.decoders.push(decoder);
        return decoder;
      },
      draw: ({ pts }) => void story.drawn.push(pts),
      send: ({ nonce }) => void story.nonces.push(nonce),
      onState: (state) => void story.states.push(state),
      nowMs: () => story.nowMs,
      wallUs: () => NOON + (story.nowMs - 1000) * 1000,
      random: (length) => crypto.getRandomValues(new Uint8Array(length)),
    });
    return story;
  }

  get state(): LiveState {
    return this.states.at(-1) as LiveState;
  }

  get wallUs(): number {
    return NOON + (this.nowMs - 1000) * 1000;
  }

  /** Seals `count` pictures as one run and lets the camera's clock move on. */
  async seal(count: number, options: { key?: boolean; leaf?: number } = {}): Promise<SealedRun> {
    const key = options.key ?? true;
    const units = Array.from({ length: count }, (_, index) => ({
      key: key && index === 0,
      pts: this.#nextPts + index * FRAME_TICKS,
      data: Uint8Array.of(index),
    }));
    const leaf = options.leaf ?? Math.floor((this.wallUs - NOON) / 1_000_000);
    const run = await this.segment.append(keyOf(leaf), leaf, this.wallUs, key ? avcConfig(AVCC) : null, units);
    this.#nextPts += count * FRAME_TICKS;
    this.newest = { segment: this.segment.segment, run: run.run, unit: count, pts: this.#nextPts - FRAME_TICKS };
    this.nowMs += count * FRAME_MS;
    return run;
  }

  /** The camera came back: its clock starts somewhere else. */
  restartCamera(pts: number, segment: TestSegment): void {
    this.#nextPts = pts;
    this.segment = segment;
  }

  /** What an honest hub passes on for a run, key first. */
  async send(run: SealedRun, segment = this.segment): Promise<void> {
    await this.receive(segmentFrame(segment), await this.site.keyFrame(segment.segment, run), runFrame(segment, run), unitsFrame(segment, run));
  }

  async receive(...frames: readonly Bytes[]): Promise<void> {
    for (const frame of frames) this.session.receive(frame);
    await this.session.idle();
  }

  /** The node answers the newest nonce about its newest unit, honestly unless told. */
  async answer(changes: Record<string, Json> = {}, nonce = this.nonces.at(-1) as string): Promise<void> {
    await this.receive(jsonFrame(7, await this.site.alive(nonce, { ...this.newest, ...changes })));
  }

  async passEnvelope(type: 5 | 6 | 7, envelope: Envelope): Promise<void> {
    await this.receive(jsonFrame(type, envelope));
  }

  /** Time passes, in ticks of 100 ms. */
  pass(ms: number): void {
    for (let passed = 0; passed < ms; passed += 100) {
      this.nowMs += Math.min(100, ms - passed);
      this.session.tick();
    }
  }

  /** A second of pictures and an honest answer. */
  async second(): Promise<SealedRun> {
    const run = await this.seal(25);
    await this.send(run);
    this.session.tick();
    await this.answer();
    return run;
  }
}

export const zeroId = b64(new Uint8Array(16));

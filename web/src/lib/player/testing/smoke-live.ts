/** Live tiles on real decoders, fed by a node that runs in the page. */

import { b64, type Bytes, unb64 } from '../../secure/bytes';
import type { Grant } from '../../secure/statements';
import { avcConfig, type SealedRun, TestSegment } from '../../secure/testing/sealer';
import { ids, jsonFrame, keyOf, runFrame, segmentFrame, TestSite, unitsFrame } from '../../secure/testing/site';
import { LiveSession, type LiveState } from '../live-session';
import type { PlainUnit } from '../picture';
import { FRAME_EVENT, type FrameDetail, screenOn } from '../screen';
import { decoderFor, FRAME_US, newCanvas, openClip, plainUnits, readBars, type Way } from './smoke-clip';

const HOUR_US = 3_600_000_000;

/** What the page's own node has sealed, and what its newest unit is. */
interface Broadcast {
  readonly site: TestSite;
  readonly grant: Grant;
  readonly segment: TestSegment;
  readonly runs: readonly { readonly from: number; readonly run: SealedRun }[];
  readonly units: readonly PlainUnit[];
  readonly startedUs: number;
  newest: { run: number; unit: number; pts: number };
}

/** What was seen of one tile. */
class Seen {
  readonly latencies: number[] = [];
  readonly numbers: number[] = [];
  readonly arrived = new Map<number, number>();
  last: LiveState | null = null;

  watch(canvas: HTMLCanvasElement, readNumbers: boolean): void {
    canvas.addEventListener(FRAME_EVENT, (event) => {
      const { pts, drawnAt } = (event as CustomEvent<FrameDetail>).detail;
      this.latencies.push(drawnAt - (this.arrived.get(pts) ?? drawnAt));
      if (readNumbers) this.numbers.push(readBars(canvas));
    });
  }
}

async function prepare(seconds: number): Promise<Broadcast> {
  const opened = await openClip();
  const units = (await plainUnits(opened)).slice(0, seconds * 25);
  const site = await TestSite.create();
  const startedUs = Date.now() * 1000;
  const grant = { ...site.grant(await site.asked()), since_us: startedUs, until_us: startedUs + HOUR_US, from_us: startedUs };
  const of = { owner: ids.owner, camera: ids.camera, stream: 'main', rendition: 'clear' } as const;
  const segment = new TestSegment(of, b64(new Uint8Array(16).fill(1)), b64(new Uint8Array(16).fill(2)), startedUs, startedUs);
  const config = avcConfig(unb64(opened.clip.avcC), 1920, 1080);
  const starts = units.flatMap((unit, index) => (unit.key ? [index] : []));
  const runs = [];
  for (const [at, from] of starts.entries()) {
    const part = units.slice(from, starts[at + 1] ?? units.length);
    runs.push({ from, run: await segment.append(keyOf(at), at, startedUs + from * FRAME_US, config, part) });
  }
  return { site, grant, segment, runs, units, startedUs, newest: { run: 0, unit: 1, pts: units[0]?.pts ?? 0 } };
}

async function openTile(on: Broadcast, way: Way, canvas: HTMLCanvasElement, onState: (state: LiveState) => void): Promise<LiveSession> {
  const screen = screenOn(canvas);
  const session: LiveSession = await LiveSession.start({
    node: on.site.trusted,
    grant: on.grant,
    keys: { view: 'live', liveKey: on.site.liveKey, window: { from_us: on.startedUs, until_us: on.startedUs + HOUR_US } },
    decoder: decoderFor(way, 'latency'),
    draw: (picture) => screen.draw(picture, null),
    send: ({ nonce }) => {
      const answer = on.site.alive(nonce, { segment: on.segment.segment, ...on.newest, age_us: 0 });
      void answer.then((envelope) => session.receive(jsonFrame(7, envelope)));
    },
    onState,
    nowMs: () => performance.now(),
    wallUs: () => Date.now() * 1000,
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
  });
  return session;
}

/** Sends everything at 25 pictures a second, one unit a frame. */
async function send(on: Broadcast, all: (frame: Bytes) => void, arrived: Map<number, number>): Promise<void> {
  all(segmentFrame(on.segment));
  const zero = performance.now();
  for (const { from, run } of on.runs) {
    all(await on.site.keyFrame(on.segment.segment, run));
    all(runFrame(on.segment, run));
    for (let unit = 1; unit <= run.units.length; unit += 1) {
      const due = zero + (from + unit - 1) * (FRAME_US / 1000);
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
      const { pts } = on.units[from + unit - 1] as PlainUnit;
      on.newest = { run: run.run, unit, pts };
      arrived.set(pts, performance.now());
      all(unitsFrame(on.segment, run, unit, 1));
    }
  }
}

/** Says of the first of `tiles` how long each picture took from its arrival to the canvas. */
export async function live(way: Way, tiles: number, seconds: number) {
  const on = await prepare(seconds);
  const seen = new Seen();
  const opening = Array.from({ length: tiles }, (_, tile) => {
    const canvas = newCanvas();
    if (tile === 0) seen.watch(canvas, tiles === 1);
    return openTile(on, way, canvas, (state) => tile === 0 && (seen.last = state));
  });
  const sessions = await Promise.all(opening);
  const ticking = setInterval(() => sessions.forEach((session) => session.tick()), 100);
  const started = performance.now();
  await send(on, (frame) => sessions.forEach((session) => session.receive(frame)), seen.arrived);
  await new Promise((resolve) => setTimeout(resolve, 400));
  clearInterval(ticking);
  const { latencies, numbers, last } = seen;
  sessions.forEach((session) => session.stop());
  return { latencies, numbers, last, wallMs: performance.now() - started, sent: on.units.length };
}

/**
 * The player in a real browser: what tests/e2e/test_player.py calls and reads.
 *
 * The clip was sealed by `handfast.seal`; each picture carries its number as bars in its top rows,
 * so that what was drawn is read back from the canvas, not believed.
 */

import { b64, type Bytes, unb64 } from '../../secure/bytes';
import { createIdentity, persist, rawPublic, signerOf } from '../../secure/device';
import { keyRing, open, seal } from '../../secure/envelope';
import { openIdentityStore } from '../../secure/identity-store';
import { RecordedKeys } from '../../secure/recorded-keys';
import { type Grant, login } from '../../secure/statements';
import { avcConfig, TestSegment } from '../../secure/testing/sealer';
import { ids, jsonFrame, keyOf, runFrame, segmentFrame, TestSite, unitsFrame } from '../../secure/testing/site';
import { type Pace, webCodecs } from '../decoder';
import { GroupSource } from '../group-source';
import { LiveSession, type LiveState } from '../live-session';
import { mediaSource } from '../mse';
import type { MakeDecoder, PlainUnit } from '../picture';
import { RecordedSession, type RecordedState } from '../recorded-session';
import { readRecordings } from '../recordings';
import { FRAME_EVENT, type FrameDetail, screenOn } from '../screen';
import { Timeline } from '../timeline';

interface Clip {
  readonly nodeKey: string;
  readonly grant: Grant;
  readonly covers: { readonly period: string; readonly nodes: [number, number, string][] }[];
  readonly recordings: unknown;
  readonly startUs: number;
  readonly pictures: number;
  readonly avcC: string;
}

const BITS = 16;
const BAR_HEIGHT = 64;
const FRAME_US = 40_000;
const FRAME_TICKS = 3600;

/** The number that the bars of the canvas spell, or -1. */
function readBars(canvas: HTMLCanvasElement): number {
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  const bar = Math.floor(canvas.width / (BITS + 2));
  const { data } = context.getImageData(0, BAR_HEIGHT / 2, canvas.width, 1);
  const bit = (index: number): boolean => (data[(index * bar + (bar >> 1)) * 4] as number) > 128;
  if (!bit(BITS) || bit(BITS + 1)) return -1;
  return Array.from({ length: BITS }, (_, index) => bit(index)).reduce((sum, on) => sum * 2 + (on ? 1 : 0), 0);
}

function newCanvas(): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  document.body.append(canvas);
  return canvas;
}

async function loadClip(): Promise<Clip> {
  return (await (await fetch('/clip.json')).json()) as Clip;
}

async function fetchBytes(segment: string, offset: number, length: number, signal: AbortSignal): Promise<Bytes> {
  const response = await fetch(`/segments/${segment}?offset=${offset}&length=${length}`, { signal });
  return new Uint8Array(await response.arrayBuffer());
}

interface Opened {
  readonly clip: Clip;
  readonly timeline: Timeline;
  readonly source: GroupSource;
}

async function openClip(): Promise<Opened> {
  const clip = await loadClip();
  const site = await TestSite.create();
  const node = { ...site.trusted, id: ids.node, ring: await keyRing([clip.nodeKey]) };
  const { segments, refused } = await readRecordings(clip.recordings, node, clip.grant);
  if (refused.length > 0) throw refused[0];
  const keys = new RecordedKeys(clip.covers, []);
  return { clip, timeline: new Timeline(segments, keys), source: new GroupSource(fetchBytes, keys) };
}

function recordedOn(opened: Opened, canvas: HTMLCanvasElement, decoder: MakeDecoder, onState: (state: RecordedState) => void): RecordedSession {
  const screen = screenOn(canvas);
  return new RecordedSession({
    ...opened,
    decoder,
    draw: (picture, wallUs) => screen.draw(picture, wallUs),
    onState,
    nowMs: () => performance.now(),
    everyFrame(callback) {
      let request = requestAnimationFrame(function again() {
        callback();
        request = requestAnimationFrame(again);
      });
      return () => cancelAnimationFrame(request);
    },
  });
}

type Way = 'throughput' | 'latency' | 'mse';

function decoderFor(way: Way, pace: Pace): MakeDecoder {
  return way === 'mse' ? mediaSource(pace) : webCodecs(way);
}

/** Seeks to `targets` (picture numbers) and says how long each took and what was drawn. */
async function seeks(way: Way, targets: readonly number[]) {
  const opened = await openClip();
  const canvas = newCanvas();
  const states: RecordedState[] = [];
  const session = recordedOn(opened, canvas, decoderFor(way, 'throughput'), (state) => void states.push(state));
  const results = [];
  for (const wanted of targets) {
    const started = performance.now();
    await session.seek(opened.clip.startUs + wanted * FRAME_US + FRAME_US / 2);
    results.push({ wanted, ms: performance.now() - started, drawn: readBars(canvas), state: states.at(-1) });
  }
  session.close();
  return results;
}

/** Steps and plays; returns the numbers drawn. */
async function steps(from: number, moves: readonly (1 | -1)[]): Promise<number[]> {
  const opened = await openClip();
  const canvas = newCanvas();
  const session = recordedOn(opened, canvas, webCodecs('throughput'), () => undefined);
  await session.seek(opened.clip.startUs + from * FRAME_US);
  const drawn = [readBars(canvas)];
  for (const move of moves) {
    await session.step(move);
    drawn.push(readBars(canvas));
  }
  session.close();
  return drawn;
}

/** Plays for `ms`; the pictures' numbers are taken from their times, reading bars would slow it down. */
async function plays(from: number, ms: number): Promise<{ number: number; at: number }[]> {
  const opened = await openClip();
  const canvas = newCanvas();
  const session = recordedOn(opened, canvas, webCodecs('throughput'), () => undefined);
  await session.seek(opened.clip.startUs + from * FRAME_US);
  const drawn: { number: number; at: number }[] = [];
  canvas.addEventListener(FRAME_EVENT, (event) => {
    const { pts, drawnAt } = (event as CustomEvent<FrameDetail>).detail;
    drawn.push({ number: pts / FRAME_TICKS, at: drawnAt });
  });
  session.play();
  await new Promise((resolve) => setTimeout(resolve, ms));
  session.close();
  return drawn;
}

/** Plain units of the whole clip, for what is sealed anew in this page. */
async function plainUnits(opened: Opened): Promise<PlainUnit[]> {
  const units: PlainUnit[] = [];
  for (const group of opened.timeline.groups) {
    const plain = await opened.source.load(group, new AbortController().signal);
    units.push(...(await Promise.all(Array.from({ length: plain.length }, (_, index) => plain.unit(index)))));
  }
  return units;
}

/** Milliseconds to open one unit, and to decode one picture, alone on this page. */
async function cost() {
  const opened = await openClip();
  const loadStarted = performance.now();
  const units = await plainUnits(opened);
  const loadMs = performance.now() - loadStarted;
  const group = await opened.source.load(opened.timeline.groups[0] as never, new AbortController().signal);
  let pictures = 0;
  const decoder = webCodecs('throughput')({
    onPicture: (picture) => {
      pictures += 1;
      picture.close();
    },
    onFault: (error) => console.error(error),
  });
  await decoder.configure(group.config);
  const started = performance.now();
  for (const unit of units) decoder.decode(unit);
  await decoder.flush();
  const decodeMs = (performance.now() - started) / pictures;
  decoder.close();
  return { units: units.length, pictures, openMsPerUnit: loadMs / units.length, decodeMsPerPicture: decodeMs };
}

/**
 * Live tiles fed by a node in this page at 25 pictures a second: sealed, framed, opened, decoded, drawn.
 * Says for each picture of the first tile how long it took from its arrival to the canvas.
 */
async function live(way: Way, tiles: number, seconds: number) {
  const opened = await openClip();
  const units = (await plainUnits(opened)).slice(0, seconds * 25);
  const site = await TestSite.create();
  const asked = await site.asked();
  const startedUs = Date.now() * 1000;
  const grant = { ...site.grant(asked), since_us: startedUs, until_us: startedUs + 3_600_000_000, from_us: startedUs };
  const of = { owner: ids.owner, camera: ids.camera, stream: 'main', rendition: 'clear' } as const;
  const segment = new TestSegment(of, b64(new Uint8Array(16).fill(1)), b64(new Uint8Array(16).fill(2)), startedUs, startedUs);
  const runs = [];
  const groups = units.flatMap((unit, index) => (unit.key ? [index] : []));
  for (const [at, from] of groups.entries()) {
    const part = units.slice(from, groups[at + 1] ?? units.length);
    const startUs = startedUs + from * FRAME_US;
    runs.push({ from, run: await segment.append(keyOf(at), at, startUs, avcConfig(unb64(opened.clip.avcC), 1920, 1080), part) });
  }
  const window = { from_us: startedUs, until_us: startedUs + 3_600_000_000 };
  const arrived = new Map<number, number>();
  const latencies: number[] = [];
  const numbers: number[] = [];
  const states: LiveState[] = [];
  let newest = { run: 0, unit: 1, pts: units[0]?.pts ?? 0 };

  const sessions = await Promise.all(
    Array.from({ length: tiles }, async (_, tile) => {
      const canvas = newCanvas();
      const screen = screenOn(canvas);
      if (tile === 0) {
        canvas.addEventListener(FRAME_EVENT, (event) => {
          const { pts, drawnAt } = (event as CustomEvent<FrameDetail>).detail;
          latencies.push(drawnAt - (arrived.get(pts) ?? drawnAt));
          if (tiles === 1) numbers.push(readBars(canvas));
        });
      }
      const session: LiveSession = await LiveSession.start({
        node: site.trusted,
        grant,
        keys: { view: 'live', liveKey: site.liveKey, window },
        decoder: decoderFor(way, 'latency'),
        draw: (picture) => screen.draw(picture, null),
        send: ({ nonce }) => {
          const changes = { segment: segment.segment, ...newest, age_us: 0 };
          void site.alive(nonce, changes).then((envelope) => session.receive(jsonFrame(7, envelope)));
        },
        onState: (state) => tile === 0 && states.push(state),
        nowMs: () => performance.now(),
        wallUs: () => Date.now() * 1000,
        random: (length) => crypto.getRandomValues(new Uint8Array(length)),
      });
      return session;
    }),
  );
  const ticking = setInterval(() => sessions.forEach((session) => session.tick()), 100);
  const all = (frame: Bytes): void => sessions.forEach((session) => session.receive(frame));
  all(segmentFrame(segment));
  const zero = performance.now();
  for (const { from, run } of runs) {
    all(await site.keyFrame(segment.segment, run));
    all(runFrame(segment, run));
    for (let unit = 1; unit <= run.units.length; unit += 1) {
      const due = zero + (from + unit - 1) * (FRAME_US / 1000);
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
      const { pts } = units[from + unit - 1] as PlainUnit;
      newest = { run: run.run, unit, pts };
      arrived.set(pts, performance.now());
      all(unitsFrame(segment, run, unit, 1));
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 400));
  clearInterval(ticking);
  const wallMs = performance.now() - zero;
  const last = states.at(-1);
  sessions.forEach((session) => session.stop());
  return { latencies, numbers, last, wallMs, sent: units.length, pictureTicks: FRAME_TICKS };
}

/** An identity survives in IndexedDB with keys that still sign and still cannot be taken out. */
async function identity() {
  const store = await openIdentityStore();
  const known = await store.all();
  if (known.length === 0) {
    await createIdentity(store, 'Patrol car 7', Date.now() * 1000);
    await createIdentity(store, 'Desk', Date.now() * 1000);
  }
  const [first] = await store.all();
  if (first === undefined) throw new Error('the identity is gone');
  const statement = { audience: 'hub:x', challenge: 'AAAA', device: first.fingerprint, at_us: 1 };
  const ring = await keyRing([b64(await rawPublic(first.sign))]);
  await open(await seal(login, statement, signerOf(first)), login, ring);
  const taken = await crypto.subtle.exportKey('pkcs8', first.sign.privateKey).then(() => true, () => false);
  return { before: known.length, after: (await store.all()).length, taken, persistent: await persist() };
}

Object.assign(globalThis, { smoke: { seeks, steps, plays, cost, live, identity } });

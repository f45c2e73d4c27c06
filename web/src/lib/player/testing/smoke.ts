/**
 * The player in a real browser: what tests/e2e/test_player.py calls and reads.
 *
 * The clip was sealed by `handfast.seal`; each picture carries its number as bars in its top rows,
 * so that what was drawn is read back from the canvas, not believed.
 */

import { b64 } from '../../secure/bytes';
import { createIdentity, persist, rawPublic, signerOf } from '../../secure/device';
import { keyRing, open, seal } from '../../secure/envelope';
import { openIdentityStore } from '../../secure/identity-store';
import { login } from '../../secure/statements';
import { webCodecs } from '../decoder';
import type { MakeDecoder } from '../picture';
import { RecordedSession, type RecordedState } from '../recorded-session';
import { FRAME_EVENT, type FrameDetail, screenOn } from '../screen';
import { decoderFor, FRAME_TICKS, FRAME_US, newCanvas, openClip, type Opened, plainUnits, readBars, type Way } from './smoke-clip';
import { live } from './smoke-live';

function recordedOn(opened: Opened, canvas: HTMLCanvasElement, decoder: MakeDecoder, onState: (state: RecordedState) => void): RecordedSession {
  const screen = screenOn(canvas);
  return new RecordedSession({
    ...opened,
    growing: false,
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

/**
 * Each wish follows another one by a few milliseconds, a new player every sixth: what is drawn when
 * the later one is done.
 */
async function overtaken(way: Way, gapsMs: readonly number[]) {
  const opened = await openClip();
  const at = (picture: number): number => opened.clip.startUs + picture * FRAME_US + FRAME_US / 2;
  const results = [];
  let canvas = newCanvas();
  let session: RecordedSession | null = null;
  for (const [index, gap] of gapsMs.entries()) {
    if (index % 6 === 0) {
      session?.close();
      canvas = newCanvas();
      session = recordedOn(opened, canvas, decoderFor(way, 'throughput'), () => undefined);
    }
    const wanted = (index * 37 + 11) % opened.clip.pictures;
    void session?.seek(at((index * 53) % opened.clip.pictures));
    await new Promise((resolve) => setTimeout(resolve, gap));
    const started = performance.now();
    await session?.seek(at(wanted));
    results.push({ wanted, ms: performance.now() - started, drawn: readBars(canvas) });
  }
  session?.close();
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

Object.assign(globalThis, { smoke: { seeks, overtaken, steps, plays, cost, live, identity } });

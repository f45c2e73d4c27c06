/**
 * A live view: binary frames in, pictures and an honest state out.
 *
 * Frames are handled one after the other in the order of their arrival; `receive` and `tick`
 * return at once. Nothing here touches a socket, a canvas or a clock of its own.
 */

import { type Bytes } from '../secure/bytes';
import type { TrustedNode } from '../secure/chain';
import { open } from '../secure/envelope';
import { LiveKeys } from '../secure/live-key';
import { type LiveFrame, readLiveFrame, type WrappedKey } from '../secure/live-frames';
import { asRefused, Refused } from '../secure/refused';
import type { LiveRelease } from '../secure/release';
import type { SegmentHeader } from '../secure/segment';
import { type Alive, end, type Grant } from '../secure/statements';
import { Liveness, type Place, type Position } from './liveness';
import { CannotPlay, type MakeDecoder, type Picture } from './picture';
import { type Authentic, RunHashes } from './run-hashes';
import { LiveRuns } from './live-runs';
import type { TrackNote } from './track-notes';

export type LivePhase =
  | { readonly phase: 'connecting' }
  /** A picture is there, the node's word about its age is not yet. */
  | { readonly phase: 'checking' }
  | { readonly phase: 'live'; readonly ageMs: number }
  | { readonly phase: 'not-live'; readonly ageMs: number }
  | { readonly phase: 'cannot-play'; readonly family: 'h264' | 'h265'; readonly codec: string }
  | { readonly phase: 'ended'; readonly reason: string };

/** How much of a redacted picture is covered, and why in the node's one word. */
export type Redaction = NonNullable<Alive['redaction']>;

/** Who is where in the redacted picture drawn last, and the segment that their numbers count in. */
export interface LiveTracks {
  readonly segment: string;
  readonly notes: readonly TrackNote[];
}

export type LiveState = LivePhase & {
  readonly authentic: Authentic;
  /** Pictures drawn so far. */
  readonly pictures: number;
  /** When access ends as things stand, microseconds, as the node signed it; null before it has. */
  readonly closesUs: number | null;
  /** As the node signed it last; null for clear pictures, and before it has. */
  readonly redaction: Redaction | null;
  /** Null where the picture says nothing. */
  readonly tracks: LiveTracks | null;
  /** Messages that were refused, by code. */
  readonly refused: Readonly<Record<string, number>>;
};

export interface LivePorts {
  readonly node: TrustedNode;
  readonly grant: Grant;
  readonly keys: LiveRelease;
  readonly decoder: MakeDecoder;
  /** Draws; the picture stays the session's. */
  readonly draw: (picture: Picture) => void;
  /** Sends JSON to the hub. */
  readonly send: (message: { readonly type: 'alive'; readonly nonce: string }) => void;
  readonly onState: (state: LiveState) => void;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
  /** Wall clock, microseconds, put right by what servers said. */
  readonly wallUs: () => number;
  readonly random: (length: number) => Bytes;
}

const ASK_EVERY_MS = 1000;
const CHECKING_MS = 1900;
/** Units that may wait for the decoder before pictures are left out. */
const QUEUED_IN_TIME = 4;
/** However slow the browser, a picture is drawn this often. */
const DRAW_AT_LEAST_MS = 100;
const HEADERS_KEPT = 8;
const KEYS_KEPT = 64;

export class LiveSession {
  readonly #ports: LivePorts;
  readonly #keys: LiveKeys;
  readonly #liveness: Liveness;
  readonly #hashes = new RunHashes();
  readonly #runs: LiveRuns;
  readonly #headers = new Map<string, SegmentHeader>();
  readonly #wrapped = new Map<string, WrappedKey>();
  readonly #refused: Record<string, number> = {};
  #queue: Promise<void> = Promise.resolve();
  #askedMs = -Infinity;
  #firstMs: number | null = null;
  #drawnMs = -Infinity;
  #pictures = 0;
  #redaction: { readonly now: Redaction; readonly saidUs: number } | null = null;
  #tracks: LiveTracks | null = null;
  #closes: { readonly atUs: number; readonly saidUs: number } | null = null;
  #final: LivePhase | null = null;

  private constructor(ports: LivePorts, keys: LiveKeys) {
    this.#ports = ports;
    this.#keys = keys;
    const { id: grant, camera, stream, rendition } = ports.grant;
    const locate = (segment: string, run: number): Place | null => this.#locate(segment, run);
    this.#liveness = new Liveness({ ...ports, grant, camera, stream, rendition, locate });
    this.#runs = new LiveRuns({
      decoder: ports.decoder,
      hashes: this.#hashes,
      header: (segment) => this.#headers.get(segment),
      keyOf: (segment, run, startUs) => this.#keyOf(segment, run, startUs),
      onPicture: (picture, position, notes) => this.#show(picture, position, notes),
      onFault: (error) => this.#fault(error),
    });
  }

  static async start(ports: LivePorts): Promise<LiveSession> {
    const session = new LiveSession(ports, await LiveKeys.of(ports.grant.id, ports.node, ports.keys.liveKey, ports.keys.window));
    session.tick();
    return session;
  }

  /** Takes one binary message. */
  receive(message: Bytes): void {
    this.#queue = this.#queue.then(async () => {
      if (this.#final !== null) return;
      try {
        await this.#handle(readLiveFrame(message));
      } catch (error) {
        this.#fault(error);
      }
    });
  }

  /** Resolves when everything received so far has been handled. */
  idle(): Promise<void> {
    return this.#queue;
  }

  /** To be called about every 100 ms: asks for signs of life and judges the picture's age. */
  tick(): void {
    if (this.#final === null) {
      const now = this.#ports.nowMs();
      if (this.#ports.wallUs() >= this.#ports.grant.until_us) this.#finish({ phase: 'ended', reason: 'time-box-ended' });
      else if (now - this.#askedMs >= ASK_EVERY_MS) this.ask();
    }
    this.#tell();
  }

  /** Asks for a sign of life now, out of turn: the connection has just been made. */
  ask(): void {
    this.#askedMs = this.#ports.nowMs();
    this.#ports.send({ type: 'alive', nonce: this.#liveness.ask() });
  }

  /** The person closed the tile. */
  stop(): void {
    if (this.#final === null) this.#finish({ phase: 'ended', reason: 'viewer-left' });
  }

  /** The hub sends nothing more for `reason`, after what it sent before has been handled. */
  cut(reason: string): void {
    this.#queue = this.#queue.then(() => {
      if (this.#final === null) this.#finish({ phase: 'ended', reason });
    });
  }

  async #handle(frame: LiveFrame): Promise<void> {
    switch (frame.type) {
      case 'segment':
        return this.#segment(frame.header);
      case 'run':
        return this.#runs.begin(frame.segment, frame.record);
      case 'units':
        return this.#runs.take(frame);
      case 'key':
        return this.#key(frame.key);
      case 'window':
        await this.#keys.admit(frame.envelope);
        return this.#runs.retry();
      case 'alive':
        return this.#alive(frame.envelope);
      case 'end':
        return this.#end(frame.envelope);
    }
  }

  #segment(header: SegmentHeader): void {
    const { camera, stream, rendition } = this.#ports.grant;
    if (header.camera !== camera || header.stream !== stream || header.rendition !== rendition) {
      throw new Refused('not-ours', 'a segment of another stream');
    }
    remember(this.#headers, header.segment, header, HEADERS_KEPT);
  }

  async #key(key: WrappedKey): Promise<void> {
    if (key.grant !== this.#ports.grant.id) throw new Refused('not-ours', 'a key of another grant');
    remember(this.#wrapped, `${key.segment}/${key.run}`, key, KEYS_KEPT);
    await this.#runs.retry();
  }

  async #keyOf(segment: string, run: number, startUs: number): Promise<{ raw: Bytes; leaf: number } | null> {
    const wrapped = this.#wrapped.get(`${segment}/${run}`);
    if (wrapped === undefined || !this.#keys.covers(startUs)) return null;
    return { raw: await this.#keys.unwrap(wrapped, startUs), leaf: wrapped.leaf };
  }

  async #alive(envelope: unknown): Promise<void> {
    const { last, closes, redaction, at_us: saidUs } = await this.#liveness.answer(envelope);
    // Answers may overtake each other on the way; the newest word counts.
    if (closes && saidUs >= (this.#closes?.saidUs ?? 0)) this.#closes = { atUs: closes.at_us, saidUs };
    if (redaction && saidUs >= (this.#redaction?.saidUs ?? 0)) this.#redaction = { now: redaction, saidUs };
    if (last !== null) this.#hashes.claimed(last.segment, last.run, last.sha256);
    this.#tell();
  }

  async #end(envelope: unknown): Promise<void> {
    const { statement } = await open(envelope, end, this.#ports.node.ring);
    const { node, grant } = this.#ports;
    if (statement.node !== node.id || statement.grant !== grant.id) {
      throw new Refused('not-ours', 'another grant has ended');
    }
    this.#finish({ phase: 'ended', reason: statement.reason });
  }

  #locate(segment: string, run: number): Place | null {
    const period = this.#headers.get(segment)?.period;
    const leaf = this.#wrapped.get(`${segment}/${run}`)?.leaf;
    return period === undefined || leaf === undefined ? null : { period, leaf };
  }

  #show(picture: Picture, position: Position, notes: readonly TrackNote[] | null): void {
    const now = this.#ports.nowMs();
    // When more pictures wait already, drawing each of them would only make the screen older.
    const hurry = this.#runs.queued > QUEUED_IN_TIME && now - this.#drawnMs < DRAW_AT_LEAST_MS;
    if (this.#final !== null || hurry) return picture.close();
    this.#pictures += 1;
    this.#drawnMs = now;
    this.#firstMs ??= now;
    this.#liveness.shown(position);
    this.#tracks = notes && { segment: position.segment, notes };
    this.#ports.draw(picture);
    picture.close();
    // The first picture changes the phase; later ones wait for the tick.
    if (this.#pictures === 1) this.#tell();
  }

  #fault(error: unknown): void {
    if (error instanceof CannotPlay) {
      return this.#finish({ phase: 'cannot-play', family: error.family, codec: error.codec });
    }
    const { code } = asRefused(error, 'malformed', 'a frame could not be handled');
    this.#refused[code] = (this.#refused[code] ?? 0) + 1;
    if (code === 'bad-seal') this.#hashes.broken();
  }

  #finish(phase: LivePhase): void {
    this.#final = phase;
    this.#runs.close();
    this.#wrapped.clear();
    this.#tell();
  }

  #tell(): void {
    const { verdict: authentic } = this.#hashes;
    const closesUs = this.#closes && Math.min(this.#closes.atUs, this.#ports.grant.until_us);
    const redaction = this.#redaction?.now ?? null;
    const refused = { ...this.#refused };
    const [pictures, tracks] = [this.#pictures, this.#tracks];
    this.#ports.onState({ ...this.#phase(), authentic, pictures, closesUs, redaction, tracks, refused });
  }

  #phase(): LivePhase {
    if (this.#final !== null) return this.#final;
    if (this.#firstMs === null) return { phase: 'connecting' };
    const { live, ageMs } = this.#liveness.age();
    if (live) return { phase: 'live', ageMs: ageMs ?? 0 };
    const waitingMs = this.#ports.nowMs() - this.#firstMs;
    if (!this.#liveness.answered && waitingMs < CHECKING_MS) return { phase: 'checking' };
    return { phase: 'not-live', ageMs: ageMs ?? waitingMs };
  }
}

function remember<T>(map: Map<string, T>, name: string, value: T, kept: number): void {
  map.delete(name);
  map.set(name, value);
  for (const oldest of map.keys()) {
    if (map.size <= kept) break;
    map.delete(oldest);
  }
}

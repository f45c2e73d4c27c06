/**
 * Media Source Extensions: the way for browsers without WebCodecs.
 *
 * Units become fragments of an MP4 that a hidden video element plays; each picture it shows is
 * handed on like a decoded one. It costs about 0.1 s more than WebCodecs, because a video element
 * keeps a little in hand.
 */

import { sameConfig, type VideoConfig } from './codec';
import { fragment, initSegment, type Sample, TIMESCALE } from './fmp4';
import type { Pace } from './decoder';
import { CannotPlay, type DecoderEvents, type MakeDecoder, type PictureDecoder, type PlainUnit } from './picture';
import { Standing } from './standing';

/** Seconds behind the newest picture beyond which the element jumps forward. */
const BEHIND_S = 0.5;
const CUSHION_S = 0.05;
/** Assumed until two units have come. */
const FIRST_DURATION = 3600;
/** Ticks between two units from which the camera's clock counts as set anew. */
const JUMP = 10 * TIMESCALE;
/** Media kept behind the playhead. */
const KEPT_S = 10;

class MediaSourceDecoder implements PictureDecoder {
  readonly #events: DecoderEvents;
  readonly #pace: Pace;
  readonly #video = document.createElement('video');
  readonly #standing = new Standing(this.#video);
  readonly #source = new MediaSource();
  readonly #opened: Promise<void>;
  readonly #waiting: Uint8Array<ArrayBuffer>[] = [];
  #buffer: SourceBuffer | null = null;
  #config: VideoConfig | null = null;
  #held: PlainUnit | null = null;
  /** The dts that lies at `#base` on the element's own timeline. */
  #zero: number | null = null;
  /** Ticks. */
  #base = 0;
  #sequence = 0;
  #duration = FIRST_DURATION;

  #flushed = false;
  /** The only picture that is asked for, when the element does not follow the newest one. */
  #wanted: number | null = null;

  constructor(pace: Pace, events: DecoderEvents) {
    this.#pace = pace;
    this.#events = events;
    this.#video.muted = true;
    this.#video.playsInline = true;
    this.#video.src = URL.createObjectURL(this.#source);
    this.#video.onerror = () => events.onFault(new Error(this.#video.error?.message ?? 'the video element failed'));
    this.#opened = new Promise((resolve) => {
      this.#source.addEventListener('sourceopen', () => resolve(), { once: true });
    });
    this.#watch();
  }

  get queued(): number {
    return this.#waiting.length;
  }

  async configure(config: VideoConfig): Promise<void> {
    const type = `video/mp4; codecs="${config.codec}"`;
    if (!MediaSource.isTypeSupported(type)) throw new CannotPlay(config.family, config.codec);
    if (this.#config !== null && sameConfig(this.#config, config)) return;
    await this.#opened;
    if (this.#buffer === null) {
      this.#buffer = this.#source.addSourceBuffer(type);
      this.#buffer.addEventListener('updateend', () => this.#updated());
    } else {
      this.#buffer.changeType(type);
    }
    this.#config = config;
    this.#append(initSegment(config));
    if (this.#pace === 'latency') void this.#video.play().catch(this.#events.onFault);
  }

  want(pts: number): void {
    this.#wanted = pts;
  }

  /** A unit's duration is known when the next one comes, so one unit is always held back. */
  decode(unit: PlainUnit): void {
    if (this.#flushed) this.#rebase();
    this.#flushed = false;
    const step = this.#held === null ? 0 : unit.dts - this.#held.dts;
    if (step > 0 && step < JUMP) this.#duration = step;
    if (this.#held !== null) this.#write(this.#held);
    // A jump of the camera's clock must not become a picture that stands for hours.
    if (step < 0 || step >= JUMP) this.#rebase();
    this.#zero ??= unit.dts;
    this.#held = unit;
  }

  async flush(): Promise<void> {
    if (this.#held !== null) this.#write(this.#held);
    this.#held = null;
    this.#flushed = true;
    this.#pump();
    if (this.#isIdle) this.#goToWanted();
  }

  reset(): void {
    this.#held = null;
    this.#waiting.length = 0;
    this.#wanted = null;
    this.#standing.leave();
    this.#rebase();
  }

  close(): void {
    this.#standing.leave();
    this.#video.pause();
    URL.revokeObjectURL(this.#video.src);
    this.#video.removeAttribute('src');
    this.#waiting.length = 0;
  }

  /** What comes next goes behind everything there is, whatever its own times are. */
  #rebase(): void {
    const { buffered } = this.#video;
    const end = buffered.length === 0 ? 0 : buffered.end(buffered.length - 1);
    this.#base = Math.ceil(Math.max(end, this.#base / TIMESCALE) + 1) * TIMESCALE;
    this.#zero = null;
  }

  #write(unit: PlainUnit): void {
    const sample: Sample = {
      unit,
      decodeAt: this.#base + unit.dts - (this.#zero ?? unit.dts),
      duration: this.#duration,
    };
    this.#append(fragment((this.#sequence += 1), [sample]));
  }

  #append(bytes: Uint8Array<ArrayBuffer>): void {
    this.#waiting.push(bytes);
    this.#pump();
  }

  #pump(): void {
    const next = this.#buffer?.updating === false ? this.#waiting.shift() : undefined;
    if (next === undefined) return;
    try {
      this.#buffer?.appendBuffer(next);
    } catch (error) {
      this.#events.onFault(error instanceof Error ? error : new Error(String(error)));
    }
  }

  get #isIdle(): boolean {
    return this.#waiting.length === 0 && this.#held === null && this.#buffer?.updating === false;
  }

  #updated(): void {
    if (this.#pace === 'latency') this.#catchUp();
    this.#pump();
    if (this.#isIdle) this.#goToWanted();
  }

  #goToWanted(): void {
    const pts = this.#wanted;
    if (pts === null || this.#zero === null) return;
    this.#wanted = null;
    // Without an end the element waits for pictures that reordering might still bring; the next
    // append takes the end back.
    if (this.#source.readyState === 'open') this.#source.endOfStream();
    const startS = (this.#base + pts - this.#zero) / TIMESCALE;
    this.#standing.goTo(startS, this.#duration / TIMESCALE, () => {
      const { videoWidth: width, videoHeight: height } = this.#video;
      this.#events.onPicture({ pts, source: copyOf(this.#video, width, height), width, height, close: () => undefined });
    });
  }

  #catchUp(): void {
    const { buffered } = this.#video;
    if (buffered.length === 0) return;
    const end = buffered.end(buffered.length - 1);
    const behind = end - this.#video.currentTime;
    const start = buffered.start(buffered.length - 1);
    const unseen = this.#video.currentTime < start;
    if (unseen || behind > BEHIND_S) this.#video.currentTime = Math.max(start, end - CUSHION_S);
    this.#video.playbackRate = behind > 4 * CUSHION_S ? 1.15 : 1;
    const old = this.#video.currentTime - KEPT_S;
    if (old > KEPT_S && this.#buffer?.updating === false) this.#buffer.remove(0, old);
  }

  #watch(): void {
    this.#video.requestVideoFrameCallback((_, { mediaTime, width, height }) => {
      this.#watch();
      if (this.#pace !== 'latency') return this.#standing.presented(mediaTime);
      const pts = Math.round(mediaTime * TIMESCALE) - this.#base + (this.#zero ?? 0);
      this.#events.onPicture({ pts, source: this.#video, width, height, close: () => undefined });
    });
  }
}

/** A picture that outlives the element's next one. */
function copyOf(video: HTMLVideoElement, width: number, height: number): HTMLCanvasElement {
  const copy = document.createElement('canvas');
  [copy.width, copy.height] = [width, height];
  copy.getContext('2d', { alpha: false })?.drawImage(video, 0, 0, width, height);
  return copy;
}

/** For `latency` the element follows the newest picture; else it stands at the one that is wanted. */
export function mediaSource(pace: Pace): MakeDecoder {
  return (events) => new MediaSourceDecoder(pace, events);
}

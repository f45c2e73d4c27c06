/**
 * A video element that is to stand at one picture.
 *
 * `seeked` tells that a place was reached, not that its picture is the one on the element, and a
 * browser may leave out the callback of a presented frame when the next one follows too closely.
 * So a picture counts only when the frame that was presented last begins at its time and no seek is
 * under way; until then the element is sent there again.
 */

/** First wait for a callback; it doubles, so that a busy machine is not sent back before it arrives. */
const RETRY_MS = 60;
/** Where in the picture the element is sent, by tries: a seek to the very same place may do nothing. */
const PARTS = [1 / 2, 1 / 3, 2 / 3] as const;

/** What of `HTMLVideoElement` is used. */
export type Seekable = Pick<HTMLVideoElement, 'currentTime' | 'seeking' | 'addEventListener'>;

interface Place {
  readonly startS: number;
  readonly durationS: number;
  readonly onThere: () => void;
}

export class Standing {
  readonly #video: Seekable;
  #place: Place | null = null;
  /** Time at which the frame presented last begins, seconds on the element's own timeline. */
  #presentedS = Number.NaN;
  #tries = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(video: Seekable) {
    this.#video = video;
    video.addEventListener('seeked', () => this.#check());
  }

  /** Calls `onThere` once the picture that begins at `startS` is on the element; a later wish overtakes. */
  goTo(startS: number, durationS: number, onThere: () => void): void {
    this.leave();
    this.#place = { startS, durationS, onThere };
    this.#send();
  }

  /** A frame that begins at `mediaTime`, seconds, is on the element now. */
  presented(mediaTime: number): void {
    this.#presentedS = mediaTime;
    this.#check();
  }

  /** Wants nothing any more. */
  leave(): void {
    clearTimeout(this.#timer);
    this.#place = null;
    this.#tries = 0;
  }

  #send(): void {
    if (this.#place === null) return;
    const { startS, durationS } = this.#place;
    const part = PARTS[this.#tries % PARTS.length] ?? 1 / 2;
    this.#timer = setTimeout(() => this.#send(), RETRY_MS * 2 ** this.#tries);
    this.#tries += 1;
    this.#video.currentTime = startS + part * durationS;
  }

  #check(): void {
    if (this.#place === null || this.#video.seeking) return;
    const { startS, durationS, onThere } = this.#place;
    // Browsers round times to microseconds; neighbours are a whole duration away.
    if (!(Math.abs(this.#presentedS - startS) < durationS / 4)) return;
    this.leave();
    onThere();
  }
}

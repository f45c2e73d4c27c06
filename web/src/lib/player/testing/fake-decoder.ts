/** A decoder without pictures: gives each unit back as a picture, in order of presentation. */

import type { VideoConfig } from '../codec';
import { CannotPlay, type DecoderEvents, type Picture, type PictureDecoder, type PlainUnit } from '../picture';

/**
 * Like WebCodecs it refuses to start at anything but a keyframe, and like a decoder with
 * B-pictures it keeps `delay` pictures back until more come or it is flushed.
 */
export class FakeDecoder implements PictureDecoder {
  readonly decoded: PlainUnit[] = [];
  queued = 0;
  openPictures = 0;
  config: VideoConfig | null = null;
  #needsKey = true;
  #held: PlainUnit[] = [];

  constructor(
    readonly events: DecoderEvents,
    readonly delay = 0,
    readonly supported = true,
  ) {}

  async configure(config: VideoConfig): Promise<void> {
    if (!this.supported) throw new CannotPlay(config.family, config.codec);
    this.config = config;
    this.#needsKey = true;
  }

  decode(unit: PlainUnit): void {
    if (this.#needsKey && !unit.key) throw new Error('a decoder starts at a keyframe');
    this.#needsKey = false;
    this.decoded.push(unit);
    this.#held.push(unit);
    this.#held.sort((left, right) => left.pts - right.pts);
    while (this.#held.length > this.delay) this.#give();
  }

  async flush(): Promise<void> {
    while (this.#held.length > 0) this.#give();
    this.#needsKey = true;
  }

  reset(): void {
    this.#held = [];
    this.#needsKey = true;
  }

  close(): void {
    this.#held = [];
  }

  #give(): void {
    const unit = this.#held.shift() as PlainUnit;
    this.openPictures += 1;
    const picture: Picture = {
      pts: unit.pts,
      source: {} as CanvasImageSource,
      width: 640,
      height: 360,
      close: () => (this.openPictures -= 1),
    };
    this.events.onPicture(picture);
  }
}

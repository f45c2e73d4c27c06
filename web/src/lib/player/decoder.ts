/** WebCodecs: units in, VideoFrames out. */

import type { VideoConfig } from './codec';
import { CannotPlay, type DecoderEvents, type MakeDecoder, type PictureDecoder, type PlainUnit } from './picture';

/** Live views want every picture at once; seeks want many pictures soon. */
export type Pace = 'latency' | 'throughput';

function decoderConfig(config: VideoConfig, pace: Pace): VideoDecoderConfig {
  return {
    codec: config.codec,
    description: config.description,
    optimizeForLatency: pace === 'latency',
    ...(config.width > 0 && config.height > 0
      ? { codedWidth: config.width, codedHeight: config.height }
      : {}),
  };
}

export function hasWebCodecs(): boolean {
  return typeof VideoDecoder === 'function';
}

class WebCodecsDecoder implements PictureDecoder {
  readonly #decoder: VideoDecoder;
  readonly #pace: Pace;
  #wanted: VideoDecoderConfig | null = null;

  constructor(pace: Pace, { onPicture, onFault }: DecoderEvents) {
    this.#pace = pace;
    this.#decoder = new VideoDecoder({
      output: (frame) =>
        onPicture({
          pts: frame.timestamp,
          source: frame,
          width: frame.displayWidth,
          height: frame.displayHeight,
          close: () => frame.close(),
        }),
      error: onFault,
    });
  }

  get queued(): number {
    return this.#decoder.decodeQueueSize;
  }

  async configure(config: VideoConfig): Promise<void> {
    const wanted = decoderConfig(config, this.#pace);
    const { supported } = await VideoDecoder.isConfigSupported(wanted);
    if (supported !== true) throw new CannotPlay(config.family, config.codec);
    this.#wanted = wanted;
    if (this.#decoder.state !== 'closed') this.#decoder.configure(wanted);
  }

  decode(unit: PlainUnit): void {
    if (this.#decoder.state !== 'configured') return;
    // The timestamp is only carried through, so ticks stay exact; microseconds would round them.
    const chunk = { type: unit.key ? 'key' : 'delta', timestamp: unit.pts, data: unit.data } as const;
    this.#decoder.decode(new EncodedVideoChunk(chunk));
  }

  async flush(): Promise<void> {
    if (this.#decoder.state === 'configured') await this.#decoder.flush();
  }

  reset(): void {
    if (this.#decoder.state === 'closed' || this.#wanted === null) return;
    this.#decoder.reset();
    this.#decoder.configure(this.#wanted);
  }

  close(): void {
    if (this.#decoder.state !== 'closed') this.#decoder.close();
  }
}

export function webCodecs(pace: Pace): MakeDecoder {
  return (events) => new WebCodecsDecoder(pace, events);
}

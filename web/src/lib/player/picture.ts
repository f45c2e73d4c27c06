/** What flows from a session to the screen, whichever way the browser decodes. */

import type { Bytes } from '../secure/bytes';
import type { VideoConfig } from './codec';

/** One decrypted access unit of the video track: NAL units with 4-byte lengths. */
export interface PlainUnit {
  readonly key: boolean;
  /** Ticks of 90,000 Hz. */
  readonly pts: number;
  readonly dts: number;
  readonly data: Bytes;
}

/** A decoded picture; the session that got it from the decoder closes it, drawn or not. */
export interface Picture {
  readonly pts: number;
  readonly source: CanvasImageSource;
  readonly width: number;
  readonly height: number;
  close(): void;
}

/** Why a stream cannot be shown on this browser. */
export class CannotPlay extends Error {
  override readonly name = 'CannotPlay';

  constructor(
    readonly family: VideoConfig['family'],
    readonly codec: string,
  ) {
    super(`this browser has no decoder for ${codec}`);
  }
}

/** The decoder took everything and gave nothing. */
export class NoPicture extends Error {
  override readonly name = 'NoPicture';
}

export interface DecoderEvents {
  /** In presentation order. */
  readonly onPicture: (picture: Picture) => void;
  /** The decoder gave up; it takes units again after `configure`. */
  readonly onFault: (error: Error) => void;
}

/** A decoder of the browser, fed in decoding order. */
export interface PictureDecoder {
  /** Throws `CannotPlay`. After it, and after `flush`, the next unit must be a keyframe. */
  configure(config: VideoConfig): Promise<void>;
  decode(unit: PlainUnit): void;
  /** Before `flush`: only this picture is asked for. Decoders that give all of them ignore it. */
  want?(pts: number): void;
  /** Resolves once every picture of what was fed has been handed over. */
  flush(): Promise<void>;
  /** Forgets what was fed and not yet handed over. */
  reset(): void;
  close(): void;
  /** Units fed that are still waiting. */
  readonly queued: number;
}

export type MakeDecoder = (events: DecoderEvents) => PictureDecoder;

export const TICKS_PER_MS = 90;
/** Microseconds of one tick, exactly 100/9. */
export function ticksToUs(ticks: number): number {
  return (ticks * 100) / 9;
}

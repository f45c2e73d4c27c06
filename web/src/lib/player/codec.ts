/** From a track's configuration to what a browser's decoder wants to hear. */

import { type Bytes, hex } from '../secure/bytes';
import type { TrackConfig } from '../secure/open-run';
import { Refused } from '../secure/refused';

/** One video track, ready for `VideoDecoder` or for an MP4 sample entry. */
export interface VideoConfig {
  /** RFC 6381, for example `avc1.640028`. */
  readonly codec: string;
  readonly family: 'h264' | 'h265';
  /** AVCDecoderConfigurationRecord or HEVCDecoderConfigurationRecord. */
  readonly description: Bytes;
  readonly width: number;
  readonly height: number;
}

/** The video track among `tracks`; refuses a recording without one. */
export function videoConfig(tracks: readonly TrackConfig[]): VideoConfig {
  const video = tracks.find(({ track, codec }) => track === 0 && (codec === 'h264' || codec === 'h265'));
  if (video === undefined) throw new Refused('malformed', 'the run has no video track that is known here');
  const { codec: family, extradata: description, width, height } = video;
  if (family === 'h264') return { codec: avcString(description), family, description, width, height };
  return { codec: hevcString(description), family: 'h265', description, width, height };
}

export function sameConfig(left: VideoConfig, right: VideoConfig): boolean {
  return left.codec === right.codec && hex(left.description) === hex(right.description);
}

/** RFC 6381 3.3: profile, constraints and level as they stand in the record. */
function avcString(record: Bytes): string {
  if (record.length < 7 || record[0] !== 1) throw new Refused('malformed', 'no H.264 configuration');
  return `avc1.${hex(record.subarray(1, 4))}`;
}

/** ISO/IEC 14496-15 annex E.3. */
function hevcString(record: Bytes): string {
  if (record.length < 23 || record[0] !== 1) throw new Refused('malformed', 'no H.265 configuration');
  const [first = 0, level = 0] = [record[1], record[12]];
  const space = ['', 'A', 'B', 'C'][first >>> 6] ?? '';
  const compatibility = new DataView(record.buffer, record.byteOffset).getUint32(2);
  const tier = (first & 0x20) === 0 ? 'L' : 'H';
  const constraints = [...record.subarray(6, 12)].map((byte) => byte.toString(16).toUpperCase());
  while (constraints.at(-1) === '0') constraints.pop();
  const parts = [`${space}${first & 0x1f}`, reversed(compatibility).toString(16), `${tier}${level}`];
  return ['hvc1', ...parts, ...constraints].join('.');
}

function reversed(bits: number): number {
  let result = 0;
  for (let bit = 0; bit < 32; bit += 1) result = (result << 1) | ((bits >>> bit) & 1);
  return result >>> 0;
}

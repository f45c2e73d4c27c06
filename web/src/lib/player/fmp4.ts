/** A small fragmented-MP4 muxer for one video track (ISO/IEC 14496-12, -15). */

import { type Bytes, concat, utf8 } from '../secure/bytes';
import type { VideoConfig } from './codec';
import type { PlainUnit } from './picture';

export const TIMESCALE = 90_000;
const TRACK = 1;
const MATRIX = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000];
/** Sample flags: depends on nothing; or depends on others and is no point to start at. */
const SYNC = 0x02000000;
const NOT_SYNC = 0x01010000;

function box(type: string, ...parts: readonly Uint8Array[]): Bytes {
  const body = concat(...parts);
  return concat(u32s(8 + body.length), utf8(type), body);
}

/** A box that begins with version and flags. */
function fullBox(type: string, version: number, flags: number, ...parts: readonly Uint8Array[]): Bytes {
  return box(type, u32s((version << 24) | flags), ...parts);
}

function u32s(...values: readonly number[]): Bytes {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => view.setUint32(4 * index, value >>> 0));
  return bytes;
}

function u16s(...values: readonly number[]): Bytes {
  const bytes = new Uint8Array(2 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => view.setUint16(2 * index, value));
  return bytes;
}

function u64(value: number): Bytes {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

/** `ftyp` and `moov`: what a source buffer wants once per configuration. */
export function initSegment(config: VideoConfig): Bytes {
  const size = [config.width, config.height] as const;
  const mvhd = fullBox('mvhd', 0, 0, u32s(0, 0, TIMESCALE, 0, 0x10000), u16s(0x100, 0), u32s(0, 0, ...MATRIX, 0, 0, 0, 0, 0, 0, TRACK + 1));
  const tkhd = fullBox('tkhd', 0, 3, u32s(0, 0, TRACK, 0, 0, 0, 0, 0, 0, ...MATRIX, size[0] << 16, size[1] << 16));
  const mdhd = fullBox('mdhd', 0, 0, u32s(0, 0, TIMESCALE, 0), u16s(0x55c4, 0));
  const hdlr = fullBox('hdlr', 0, 0, u32s(0), utf8('vide'), u32s(0, 0, 0), utf8('Handfast\0'));
  const dinf = box('dinf', fullBox('dref', 0, 0, u32s(1), fullBox('url ', 0, 1)));
  const empty = ['stts', 'stsc', 'stco'].map((type) => fullBox(type, 0, 0, u32s(0)));
  const stbl = box('stbl', fullBox('stsd', 0, 0, u32s(1), sampleEntry(config)), ...empty, fullBox('stsz', 0, 0, u32s(0, 0)));
  const minf = box('minf', fullBox('vmhd', 0, 1, u32s(0, 0)), dinf, stbl);
  const trak = box('trak', tkhd, box('mdia', mdhd, hdlr, minf));
  const mvex = box('mvex', fullBox('trex', 0, 0, u32s(TRACK, 1, 0, 0, 0)));
  return concat(box('ftyp', utf8('iso5'), u32s(0), utf8('iso5iso6mp41')), box('moov', mvhd, trak, mvex));
}

function sampleEntry(config: VideoConfig): Bytes {
  const [entry, record] = config.family === 'h264' ? ['avc1', 'avcC'] : ['hvc1', 'hvcC'];
  const visual = concat(
    u32s(0), u16s(0, 1), u32s(0, 0, 0, 0),
    u16s(config.width, config.height),
    u32s(0x480000, 0x480000, 0), u16s(1), new Uint8Array(32), u16s(0x18, 0xffff),
  );
  return box(entry as string, visual, box(record as string, config.description));
}

/** One sample and where it goes: `decodeAt` in ticks since the track's own zero. */
export interface Sample {
  readonly unit: PlainUnit;
  readonly decodeAt: number;
  readonly duration: number;
}

/** `moof` and `mdat` for samples that follow each other in decoding order. */
export function fragment(sequence: number, samples: readonly Sample[]): Bytes {
  const first = samples[0]?.decodeAt ?? 0;
  const table = samples.flatMap(({ unit, duration }) => [
    duration,
    unit.data.length,
    unit.key ? SYNC : NOT_SYNC,
    unit.pts - unit.dts,
  ]);
  // Offset of the media data from the start of `moof`; its size does not depend on the value.
  const moof = (offset: number): Bytes => {
    const tfhd = fullBox('tfhd', 0, 0x020000, u32s(TRACK));
    const tfdt = fullBox('tfdt', 1, 0, u64(first));
    const trun = fullBox('trun', 1, 0xf01, u32s(samples.length, offset, ...table));
    return box('moof', fullBox('mfhd', 0, 0, u32s(sequence)), box('traf', tfhd, tfdt, trun));
  };
  const data = box('mdat', ...samples.map(({ unit }) => unit.data));
  return concat(moof(moof(0).length + 8), data);
}

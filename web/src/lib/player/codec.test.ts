// @vitest-environment node
import { expect, it } from 'vitest';
import { fromUtf8, unhex } from '../secure/bytes';
import { videoConfig } from './codec';
import { fragment, initSegment } from './fmp4';

const track = { track: 0, clockRate: 90_000, width: 1920, height: 1080, channels: 0 };
const avcC = unhex('0164002affe100046764002a010004680ee3cb');

it('names H.264 by profile, constraints and level', () => {
  expect(videoConfig([{ ...track, codec: 'h264', extradata: avcC }]).codec).toBe('avc1.64002a');
});

it('names H.265 as ISO/IEC 14496-15 annex E does', () => {
  const main = unhex('01016000000090000000000078f000fcfdf8f800000f00');
  expect(videoConfig([{ ...track, codec: 'h265', extradata: main }]).codec).toBe('hvc1.1.6.L120.90');
});

it('refuses a run without video, and records that are cut', () => {
  expect(() => videoConfig([])).toThrow(expect.objectContaining({ code: 'malformed' }));
  expect(() => videoConfig([{ ...track, codec: 'h264', extradata: avcC.slice(0, 3) }])).toThrow();
  expect(() => videoConfig([{ ...track, codec: 'h265', extradata: avcC }])).toThrow();
});

it('writes MP4 boxes whose lengths add up', () => {
  const config = videoConfig([{ ...track, codec: 'h264', extradata: avcC }]);
  const unit = { key: true, pts: 3600, dts: 0, data: Uint8Array.of(0, 0, 0, 1, 9) };
  const types = (bytes: Uint8Array<ArrayBuffer>): string[] => {
    const found: string[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = new DataView(bytes.buffer).getUint32(at);
      found.push(fromUtf8(bytes.subarray(at + 4, at + 8)));
      at += length;
    }
    return found;
  };
  expect(types(initSegment(config))).toEqual(['ftyp', 'moov']);
  expect(types(fragment(1, [{ unit, decodeAt: 0, duration: 3600 }]))).toEqual(['moof', 'mdat']);
});

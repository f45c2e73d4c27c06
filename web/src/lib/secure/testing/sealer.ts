/** Seals segments the way a node does, for tests of everything that opens them. */

import { b64, type Bytes, concat, sha256, u32, unb64, utf8, uuidBytes } from '../bytes';
import { commitmentOf, runKey, streamLabel } from '../keytree';
import type { ManifestRun, Rendition, Stream } from '../statements';

/** A unit before sealing; pts and dts in ticks of 90,000 Hz. */
export interface TestUnit {
  readonly key: boolean;
  readonly pts: number;
  readonly dts?: number;
  readonly data: Bytes;
  readonly track?: number;
}

export interface SealedRun {
  readonly run: number;
  readonly leaf: number;
  readonly startUs: number;
  readonly key: Bytes;
  readonly record: Bytes;
  readonly units: readonly Bytes[];
  readonly listed: ManifestRun;
}

export interface TestStream {
  readonly owner: string;
  readonly camera: string;
  readonly stream: Stream;
  readonly rendition: Rendition;
}

const RENDITIONS: readonly Rendition[] = ['clear', 'redacted', 'unmasked'];
const CONFIG_FLAGS = 0xff;

/** One segment of one stream; runs are appended in order. */
export class TestSegment {
  readonly header: Bytes;
  readonly runs: SealedRun[] = [];
  #offset = 104;

  constructor(
    readonly of: TestStream,
    readonly period: string,
    readonly segment: string,
    readonly periodStartUs: number,
    readonly startUs: number,
  ) {
    this.header = concat(
      utf8('HFSG'), Uint8Array.of(1, 1, of.stream === 'main' ? 0 : 1, RENDITIONS.indexOf(of.rendition)),
      uuidBytes(of.owner), uuidBytes(of.camera), unb64(period), unb64(segment),
      u64(periodStartUs), u64(startUs), new Uint8Array(16),
    );
  }

  get bytes(): Bytes {
    return concat(this.header, ...this.runs.flatMap(({ record, units }) => [record, ...units]));
  }

  async append(leafKey: Bytes, leaf: number, startUs: number, config: Bytes | null, units: readonly TestUnit[]): Promise<SealedRun> {
    const run = this.runs.length;
    const label = streamLabel(this.of.camera, this.of.stream, this.of.rendition);
    const raw = await runKey(leafKey, label, unb64(this.segment), run);
    const key = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt']);
    const context = concat(this.header.slice(0, 72), u32(leaf), u32(run));
    const sealedConfig = config === null ? new Uint8Array(0) : await sealUnit(key, context, 0, CONFIG_FLAGS, 0, 0, config);
    const record = concat(
      Uint8Array.of(0x52, config === null ? 0 : 1), u32(leaf), u32(run), u64(startUs),
      await commitmentOf(raw), u32(sealedConfig.length), sealedConfig,
    );
    const sealed = await Promise.all(units.map((unit, index) => sealRecord(key, context, index + 1, unit)));
    const bytes = concat(record, ...sealed);
    const listed = {
      run, key: config !== null, leaf, start_us: startUs, end_us: startUs + units.length * 40_000,
      offset: this.#offset, length: bytes.length, units: units.length,
      first_pts: units[0]?.pts ?? 0, sha256: b64(await sha256(bytes)),
    };
    this.#offset += bytes.length;
    const done = { run, leaf, startUs, key: raw, record, units: sealed, listed };
    this.runs.push(done);
    return done;
  }
}

async function sealRecord(key: CryptoKey, context: Bytes, number: number, unit: TestUnit): Promise<Bytes> {
  const flags = ((unit.track ?? 0) << 4) | (unit.key ? 1 : 0);
  const dts = unit.dts ?? unit.pts;
  const sealed = await sealUnit(key, context, number, flags, unit.pts, dts, unit.data);
  return concat(Uint8Array.of(0x55, flags), u32(sealed.length), i64(unit.pts), i64(dts), sealed);
}

async function sealUnit(key: CryptoKey, context: Bytes, number: number, flags: number, pts: number, dts: number, plain: Bytes): Promise<Bytes> {
  const tail = concat(u32(number), Uint8Array.of(flags, 0, 0, 0), u32(plain.length + 16), i64(pts), i64(dts));
  const form = { name: 'AES-GCM', iv: concat(new Uint8Array(8), u32(number)), additionalData: concat(context, tail) };
  return new Uint8Array(await crypto.subtle.encrypt(form, key, plain));
}

/** The plain text of a configuration with one H.264 track. */
export function avcConfig(record: Bytes, width = 640, height = 360): Bytes {
  const size = new Uint8Array(4);
  new DataView(size.buffer).setUint16(0, width);
  new DataView(size.buffer).setUint16(2, height);
  return concat(Uint8Array.of(0, 1), u32(90_000), size, Uint8Array.of(0, record.length >> 8, record.length & 255), record);
}

export function u64(value: number): Bytes {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

function i64(value: number): Bytes {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(value));
  return bytes;
}

/** Opens what is sealed in a run: its configuration and its units (segment-format.md). */

import { type Bytes, concat, equal, u32, unb64, utf8, uuidBytes } from './bytes';
import { commitmentOf } from './keytree';
import { asRefused, Refused } from './refused';
import { renditionCode } from './rendition';
import { Cursor, type RunRecord, type SegmentHeader, type UnitRecord } from './segment';
import { SUITE } from './suite';

const CONFIG_FLAGS = 0xff;

export type Codec = 'h264' | 'h265' | 'aac' | 'pcmu' | 'pcma' | 'opus';
const CODECS: readonly Codec[] = ['h264', 'h265', 'aac', 'pcmu', 'pcma', 'opus'];

/** How one track is decoded; `extradata` is what the codec's own records hold. */
export interface TrackConfig {
  readonly track: number;
  readonly codec: Codec;
  readonly clockRate: number;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly extradata: Bytes;
}

/** The part of the header that is bound to every unit. */
export type Sealing = Pick<SegmentHeader, 'stream' | 'rendition' | 'owner' | 'camera' | 'period' | 'segment'>;

/** Opens the units of one run. Made only by `OpenRun.with`, after the commitment was compared. */
export class OpenRun {
  readonly #key: CryptoKey;
  readonly #context: Bytes;

  private constructor(key: CryptoKey, context: Bytes) {
    this.#key = key;
    this.#context = context;
  }

  /** Refuses a key other than the one the run record commits to. */
  static async with(
    rawKey: Bytes,
    header: Sealing,
    record: Pick<RunRecord, 'leaf' | 'run' | 'commitment'>,
  ): Promise<OpenRun> {
    if (!equal(await commitmentOf(rawKey), record.commitment)) {
      throw new Refused('bad-seal', `run ${record.run} is not sealed with the key that was released`);
    }
    const key = await crypto.subtle.importKey('raw', rawKey, 'AES-GCM', false, ['decrypt']);
    return new OpenRun(key, contextOf(header, record.leaf, record.run));
  }

  /** The access unit with number `unit` (from 1) of this run. */
  unit(unit: number, record: Pick<UnitRecord, 'flags' | 'pts' | 'dts' | 'sealed'>): Promise<Bytes> {
    return this.#open(unit, record.sealed, tailOf(unit, record));
  }

  async configuration(sealed: Bytes): Promise<readonly TrackConfig[]> {
    const tail = tailOf(0, { flags: CONFIG_FLAGS, pts: 0, dts: 0, sealed });
    return readConfiguration(await this.#open(0, sealed, tail));
  }

  async #open(counter: number, sealed: Bytes, tail: Bytes): Promise<Bytes> {
    const form = {
      name: 'AES-GCM',
      iv: concat(new Uint8Array(8), u32(counter)),
      additionalData: concat(this.#context, tail),
    };
    try {
      return new Uint8Array(await crypto.subtle.decrypt(form, this.#key, sealed));
    } catch (error) {
      throw asRefused(error, 'bad-seal', `unit ${counter} was changed on its way`);
    }
  }
}

/** The first 80 bytes of the additional data of everything in a run. */
function contextOf(header: Sealing, leaf: number, run: number): Bytes {
  const codes = [1, SUITE, header.stream === 'main' ? 0 : 1, renditionCode(header.rendition)];
  return concat(
    utf8('HFSG'),
    Uint8Array.from(codes),
    uuidBytes(header.owner),
    uuidBytes(header.camera),
    unb64(header.period),
    unb64(header.segment),
    u32(leaf),
    u32(run),
  );
}

/** The last 28 bytes: what is bound to this unit alone. */
function tailOf(unit: number, record: Pick<UnitRecord, 'flags' | 'pts' | 'dts' | 'sealed'>): Bytes {
  const tail = new Uint8Array(28);
  const view = new DataView(tail.buffer);
  view.setUint32(0, unit);
  view.setUint8(4, record.flags);
  view.setUint32(8, record.sealed.length);
  view.setBigInt64(12, BigInt(record.pts));
  view.setBigInt64(20, BigInt(record.dts));
  return tail;
}

export function readConfiguration(plain: Bytes): readonly TrackConfig[] {
  const at = new Cursor(plain);
  const tracks: TrackConfig[] = [];
  while (at.left > 0) {
    const [track, code, clockRate] = [at.u8(), at.u8(), at.u32()];
    const [width, height, channels, length] = [at.u16(), at.u16(), at.u8(), at.u16()];
    const extradata = at.take(length);
    const codec = CODECS[code - 1];
    // A track of a codec from the future is skipped: the picture may still be readable.
    if (codec !== undefined) tracks.push({ track, codec, clockRate, width, height, channels, extradata });
  }
  return tracks;
}

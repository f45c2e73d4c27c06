/** Decoded pictures around one place of a group; decodes no more than it has to. */

import { type VideoConfig, sameConfig } from './codec';
import { type MakeDecoder, NoPicture, type Picture, type PictureDecoder, type PlainUnit } from './picture';
import type { PlainGroup } from './plain-group';

/** Pictures kept open; hardware decoders stall when many are held. */
const KEPT = 10;
/** A picture that has not come after this long is kept back for want of later ones. */
const SETTLE_MS = 20;
const GIVE_UP_MS = 5000;

interface Waiting {
  /** Set once the picture has come: feeding goes on, ahead of it. */
  done?: true;
  readonly pts: number;
  readonly resolve: (picture: Picture) => void;
  readonly reject: (error: Error) => void;
}

export class PictureWindow {
  readonly #make: MakeDecoder;
  readonly #pictures = new Map<number, Picture>();
  #decoder: PictureDecoder;
  #config: VideoConfig | null = null;
  #group: PlainGroup | null = null;
  /** Units of the group that the decoder has been fed and can be fed on from; 0 starts anew. */
  #fed = 0;
  /** Fed and not come out yet. */
  readonly #coming = new Set<number>();
  #waiting: Waiting | null = null;
  /** Asked for last; it stays open until another is. */
  #wanted: number | null = null;

  constructor(make: MakeDecoder) {
    this.#make = make;
    this.#decoder = this.#newDecoder();
  }

  /**
   * The picture `pts` of a group; it stays ours and open until later ones push it out.
   *
   * Args:
   *   ahead: units to decode beyond it, so that the next pictures come without a new start.
   *     With 0 the decoder is flushed, which gives one picture soonest.
   */
  async get(plain: PlainGroup, pts: number, ahead: number): Promise<Picture> {
    await this.#enter(plain);
    this.#wanted = pts;
    const known = this.#pictures.get(pts);
    if (known !== undefined) return known;
    const target = plain.indexOf(pts);
    if (target < 0) throw new RangeError('no such picture in the group');
    if (target < this.#fed && !this.#coming.has(pts)) this.#restart();
    const picture = new Promise<Picture>((resolve, reject) => (this.#waiting = { pts, resolve, reject }));
    // Awaited below on every path; this keeps a cancelled one from being reported as unhandled.
    picture.catch(() => undefined);
    let until = Math.max(this.#fed, Math.min(plain.length, target + 1 + ahead));
    await this.#feed(plain, target, until);
    // How many pictures a decoder keeps back is its own affair: feed on until this one comes.
    while (ahead > 0 && until < plain.length) {
      if (await settled(picture, SETTLE_MS)) return picture;
      until = Math.min(plain.length, until + ahead);
      await this.#feed(plain, target, until);
    }
    this.#decoder.want?.(pts);
    await this.#flush();
    if (!(await settled(picture, GIVE_UP_MS))) throw new NoPicture('the decoder gave no picture');
    return picture;
  }

  /** Feeds the decoder as units open, in order; all of them are being opened at once. */
  async #feed(plain: PlainGroup, target: number, until: number): Promise<void> {
    const from = this.#fed;
    this.#fed = until;
    const waiting = this.#waiting;
    const units = Array.from({ length: until - from }, (_, index) => plain.unit(from + index));
    // A video element does not play over holes.
    const mayLeaveOut = this.#decoder.want === undefined;
    // One that does not open fails the loop; the others must not be reported as unhandled.
    for (const unit of units) unit.catch(() => undefined);
    for (const [index, opening] of units.entries()) {
      const unit = await opening;
      if (this.#waiting !== waiting && waiting?.done !== true) return;
      if (mayLeaveOut && from + index < target && isDisposable(plain, unit)) continue;
      this.#coming.add(unit.pts);
      this.#decoder.decode(unit);
    }
  }

  /** Ends what is being waited for: a later wish has overtaken it. */
  cancel(): void {
    if (this.#waiting === null) return;
    this.#waiting.reject(new DOMException('overtaken', 'AbortError'));
    this.#waiting = null;
    this.#restart();
  }

  close(): void {
    this.cancel();
    this.#forget();
    this.#decoder.close();
  }

  async #enter(plain: PlainGroup): Promise<void> {
    if (this.#group === plain) return;
    this.#forget();
    this.#group = plain;
    if (this.#fed > 0) this.#restart();
    if (this.#config === null || !sameConfig(this.#config, plain.config)) {
      await this.#decoder.configure(plain.config);
      this.#config = plain.config;
    }
  }

  /** After a flush only a keyframe can follow, so feeding starts anew. */
  async #flush(): Promise<void> {
    await this.#decoder.flush();
    this.#fed = 0;
    this.#coming.clear();
  }

  #restart(): void {
    this.#decoder.reset();
    this.#fed = 0;
    this.#coming.clear();
  }

  #forget(): void {
    for (const picture of this.#pictures.values()) picture.close();
    this.#pictures.clear();
  }

  #newDecoder(): PictureDecoder {
    return this.#make({
      onPicture: (picture) => this.#keep(picture),
      onFault: (error) => {
        this.#waiting?.reject(error);
        this.#waiting = null;
        this.#decoder.close();
        [this.#config, this.#group, this.#fed] = [null, null, 0];
        this.#coming.clear();
        this.#decoder = this.#newDecoder();
      },
    });
  }

  #keep(picture: Picture): void {
    this.#coming.delete(picture.pts);
    this.#pictures.get(picture.pts)?.close();
    this.#pictures.delete(picture.pts);
    this.#pictures.set(picture.pts, picture);
    for (const [pts, oldest] of this.#pictures) {
      if (this.#pictures.size <= KEPT) break;
      if (pts === this.#wanted) continue;
      oldest.close();
      this.#pictures.delete(pts);
    }
    if (this.#waiting?.pts !== picture.pts) return;
    this.#waiting.done = true;
    this.#waiting.resolve(picture);
    this.#waiting = null;
  }
}

/** Whether no other picture needs this one (ITU-T H.264 7.4.1: `nal_ref_idc` 0 in all its slices). */
function isDisposable({ config }: PlainGroup, { data }: PlainUnit): boolean {
  if (config.family !== 'h264') return false;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let slices = 0;
  for (let at = 0; at + 5 <= data.length; at += 4 + view.getUint32(at)) {
    const header = view.getUint8(at + 4);
    const isSlice = (header & 0x1f) >= 1 && (header & 0x1f) <= 5;
    if (isSlice && (header & 0x60) !== 0) return false;
    if (isSlice) slices += 1;
  }
  return slices > 0;
}

/** True when `promise` came within `ms`; rethrows its failure. */
async function settled(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  try {
    return await Promise.race([promise.then(() => true as const), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Decoded pictures around one place of a group; decodes no more than it has to. */

import { type VideoConfig, sameConfig } from './codec';
import type { PlainGroup } from './group-source';
import type { MakeDecoder, Picture, PictureDecoder } from './picture';

/** Pictures kept open; hardware decoders stall when many are held. */
const KEPT = 10;
/** A decoder that keeps pictures back for reordering gives them after this long, by a flush. */
const SETTLE_MS = 250;
const GIVE_UP_MS = 2000;

interface Waiting {
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
  #waiting: Waiting | null = null;

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
    const known = this.#pictures.get(pts);
    if (known !== undefined) return known;
    const target = plain.units.findIndex((unit) => unit.pts === pts);
    if (target < 0) throw new RangeError('no such picture in the group');
    if (target < this.#fed) this.#restart();
    const picture = new Promise<Picture>((resolve, reject) => (this.#waiting = { pts, resolve, reject }));
    // Awaited below on every path; this keeps a cancelled one from being reported as unhandled.
    picture.catch(() => undefined);
    const until = Math.min(plain.units.length, target + 1 + ahead);
    for (const unit of plain.units.slice(this.#fed, until)) this.#decoder.decode(unit);
    this.#fed = until;
    if (ahead > 0 && until < plain.units.length && (await settled(picture, SETTLE_MS))) return picture;
    await this.#flush();
    if (!(await settled(picture, GIVE_UP_MS))) throw new Error('the decoder gave no picture');
    return picture;
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
  }

  #restart(): void {
    this.#decoder.reset();
    this.#fed = 0;
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
        this.#decoder = this.#newDecoder();
      },
    });
  }

  #keep(picture: Picture): void {
    this.#pictures.get(picture.pts)?.close();
    this.#pictures.delete(picture.pts);
    this.#pictures.set(picture.pts, picture);
    for (const [pts, oldest] of this.#pictures) {
      if (this.#pictures.size <= KEPT) break;
      oldest.close();
      this.#pictures.delete(pts);
    }
    if (this.#waiting?.pts !== picture.pts) return;
    this.#waiting.resolve(picture);
    this.#waiting = null;
  }
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

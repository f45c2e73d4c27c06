/** The canvas of a tile: draws pictures whole and tells what is drawn. */

import type { Picture } from './picture';

/**
 * Dispatched on the canvas as `handfast:frame` after each picture was drawn, for pages and
 * measurements that want to know which one it is. It carries no picture and no key.
 */
export interface FrameDetail {
  /** Ticks of 90,000 Hz, zero arbitrary per camera session. */
  readonly pts: number;
  /** `performance.now()` after drawing. */
  readonly drawnAt: number;
  /** Wall clock of the picture, microseconds; null when live. */
  readonly wallUs: number | null;
}

export const FRAME_EVENT = 'handfast:frame';

export interface Screen {
  /** Draws; the picture stays its owner's. */
  draw(picture: Picture, wallUs: number | null): void;
  /** Removes the last picture, for good. */
  blank(): void;
}

/** The canvas takes the picture's own size; how it fits the tile is `object-fit: contain`. */
export function screenOn(canvas: HTMLCanvasElement): Screen {
  const context = canvas.getContext('2d', { alpha: false });
  return {
    draw(picture, wallUs) {
      const { pts, width, height } = picture;
      if (canvas.width !== width || canvas.height !== height) {
        canvas.width = width;
        canvas.height = height;
      }
      context?.drawImage(picture.source, 0, 0, width, height);
      const detail: FrameDetail = { pts, drawnAt: performance.now(), wallUs };
      canvas.dispatchEvent(new CustomEvent(FRAME_EVENT, { detail }));
    },
    blank() {
      context?.fillRect(0, 0, canvas.width, canvas.height);
    },
  };
}

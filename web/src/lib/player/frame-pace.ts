/**
 * At most one picture per refresh of the screen, and always the newest.
 *
 * A busy machine decodes faster than it shows. Pictures that queue up for the canvas are old by
 * the time they are seen; passing them over keeps a live view live.
 */

import type { Picture } from './picture';

export interface FramePace {
  /** Draws now when nothing was drawn since the last refresh, else at the next one. */
  draw(picture: Picture): void;
  /** Lets go of what waits. */
  clear(): void;
}

/** `nextFrame` calls back before the next refresh; in a hidden tab that is when it is seen again. */
export function onePerFrame(
  draw: (picture: Picture) => void,
  nextFrame: (callback: () => void) => void,
): FramePace {
  let busy = false;
  let waiting: Picture | null = null;

  function drawNow(picture: Picture): void {
    busy = true;
    draw(picture);
    nextFrame(() => {
      busy = false;
      const newest = waiting;
      waiting = null;
      if (newest === null) return;
      drawNow(newest);
      newest.close();
    });
  }

  return {
    draw(picture) {
      if (!busy) return drawNow(picture);
      waiting?.close();
      waiting = held(picture);
    },
    clear() {
      waiting?.close();
      waiting = null;
    },
  };
}

/** A picture belongs to its session, which closes it at once; a decoded frame can be held by a clone. */
function held(picture: Picture): Picture {
  const { source } = picture;
  if (typeof VideoFrame === 'undefined' || !(source instanceof VideoFrame)) return { ...picture, close: () => undefined };
  const frame = source.clone();
  return { ...picture, source: frame, close: () => frame.close() };
}

/** Which of the browser's two ways to show pictures is taken. */

import { hasWebCodecs, type Pace, webCodecs } from './decoder';
import { mediaSource } from './mse';
import type { MakeDecoder } from './picture';

/** WebCodecs where it exists; Media Source Extensions elsewhere (older phones). */
export function chooseDecoder(pace: Pace): MakeDecoder {
  return hasWebCodecs() ? webCodecs(pace) : mediaSource(pace);
}

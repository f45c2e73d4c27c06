/** How much of a picture is shown; each rendition has key trees of its own. */

import * as is from './shape';

/** In the order of their codes in sealed segments. */
const RENDITIONS = ['clear', 'redacted', 'unmasked'] as const;

export const readRendition = is.oneOf(...RENDITIONS);
export type Rendition = is.Read<typeof readRendition>;

export const readTrackKind = is.oneOf('person', 'face', 'vehicle');
/** What a followed thing is taken for by the site that covers it. */
export type TrackKind = is.Read<typeof readTrackKind>;

/** The byte that stands for a rendition in sealed segments and key labels. */
export function renditionCode(rendition: Rendition): number {
  return RENDITIONS.indexOf(rendition);
}

/** The rendition of a byte; `null` when there is none. */
export function renditionOf(code: number): Rendition | null {
  return RENDITIONS[code] ?? null;
}

import type { Track } from './client';

/** Packs tracks into as few lanes as it takes; what does not fit in `most` shares the last one. */
export function lanes(tracks: readonly Track[], most: number): readonly (readonly Track[])[] {
  const packed: Track[][] = [];
  for (const track of [...tracks].sort((a, b) => a.first - b.first)) {
    const free = packed.find((lane) => (lane.at(-1)?.last ?? -1) < track.first);
    if (free) free.push(track);
    else if (packed.length < most) packed.push([track]);
    else packed.at(-1)?.push(track);
  }
  return packed;
}

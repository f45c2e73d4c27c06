/** What of a recorded range can be opened: groups of pictures, the spans they fill, the gaps. */

import type { RecordedKeys } from '../secure/recorded-keys';
import type { Sealing } from '../secure/open-run';
import type { ManifestRun } from '../secure/statements';
import { ticksToUs } from './picture';

/** One segment as its signed manifest, or the list of the segment being written, describes it. */
export interface RecordedSegment {
  readonly sealing: Sealing;
  readonly runs: readonly ManifestRun[];
  /** Whether a manifest that holds vouches for the runs; the segment being written has none yet. */
  readonly signed: boolean;
}

/** A group of pictures: a keyframe run and what follows it; the unit of fetching and decoding. */
export interface Group {
  readonly segment: RecordedSegment;
  readonly runs: readonly ManifestRun[];
  readonly startUs: number;
  /** Exclusive. */
  readonly untilUs: number;
}

/** A stretch without a gap. `startUs <= t < untilUs`. */
export interface Span {
  readonly startUs: number;
  readonly untilUs: number;
  readonly signed: boolean;
}

/** Groups closer than this are one stretch: cameras breathe. */
const GAP_US = 1_000_000;

/** The wall clock of a picture: the group's first picture came at `startUs`, the rest keep pace. */
export function wallOf(group: Group, pts: number): number {
  return Math.round(group.startUs + ticksToUs(pts - (group.runs[0]?.first_pts ?? pts)));
}

export class Timeline {
  /** In order of time. */
  readonly groups: readonly Group[];
  readonly spans: readonly Span[];

  /** With the timeline `before` it, groups that have not changed stay the same objects. */
  constructor(segments: readonly RecordedSegment[], keys: RecordedKeys, before?: Timeline) {
    const known = new Map((before?.groups ?? []).map((group) => [nameOf(group), group]));
    const groups = segments
      .flatMap((segment) => groupsOf(segment, keys))
      .map((group) => known.get(nameOf(group)) ?? group);
    this.groups = groups.sort((left, right) => left.startUs - right.startUs);
    this.spans = spansOf(this.groups);
  }

  /** Exclusive end of what there is; 0 when there is nothing. */
  get untilUs(): number {
    return this.spans.at(-1)?.untilUs ?? 0;
  }

  /** Index of the last group that begins at or before `wallUs`; -1 before the first. */
  indexAt(wallUs: number): number {
    let [low, high] = [0, this.groups.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.groups[middle] as Group).startUs <= wallUs) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Whether there are pictures of this instant. */
  holds(wallUs: number): boolean {
    return this.spans.some(({ startUs, untilUs }) => startUs <= wallUs && wallUs < untilUs);
  }
}

function nameOf({ segment, runs }: Group): string {
  return `${segment.sealing.segment}/${runs[0]?.run}/${runs.length}/${segment.signed}`;
}

/** A group ends before the first run that was not released: what follows could not be decoded. */
function groupsOf(segment: RecordedSegment, keys: RecordedKeys): Group[] {
  const { period, segment: id } = segment.sealing;
  const groups: ManifestRun[][] = [];
  let open: ManifestRun[] | null = null;
  for (const run of segment.runs) {
    const released = keys.opens({ period, segment: id, leaf: run.leaf, run: run.run });
    if (!released) open = null;
    else if (run.key) groups.push((open = [run]));
    else open?.push(run);
  }
  return groups.map((runs) => ({
    segment,
    runs,
    startUs: (runs[0] as ManifestRun).start_us,
    untilUs: (runs.at(-1) as ManifestRun).end_us,
  }));
}

function spansOf(groups: readonly Group[]): Span[] {
  const spans: Span[] = [];
  for (const { startUs, untilUs, segment } of groups) {
    const last = spans.at(-1);
    if (last !== undefined && startUs - last.untilUs < GAP_US && last.signed === segment.signed) {
      spans[spans.length - 1] = { ...last, untilUs: Math.max(last.untilUs, untilUs) };
    } else {
      spans.push({ startUs, untilUs, signed: segment.signed });
    }
  }
  return spans;
}

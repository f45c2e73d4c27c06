import type { GrantNow } from '$lib/node/client';
import type { Look, Looked } from '$lib/node/looked';

/** What one person opened for one purpose without a long break, newest line first. */
export interface Visit {
  readonly key: string;
  readonly lines: readonly [Look, ...Look[]];
}

/** Later than this after the line before, looking again is another visit. */
const BREAK_US = 15 * 60_000_000;

/**
 * Lays together what is one visit; newest first, as the lines come. Refusals, pictures for own devices, single persons made
 * clear and whatever is not proved stand alone: each of them is to be seen.
 */
export function visits(lines: readonly Looked[]): readonly (Visit | Looked)[] {
  const shown: ({ key: string; lines: [Look, ...Look[]] } | Looked)[] = [];
  const open = new Map<string, { key: string; lines: [Look, ...Look[]] }>();
  for (const line of lines) {
    if (line.kind !== 'look' || line.track !== null || line.proof.state !== 'proved') {
      shown.push(line);
      continue;
    }
    const who = JSON.stringify([line.name, line.role, line.agency, line.purpose, line.comment, line.rendition]);
    const visit = open.get(who);
    if (visit && (visit.lines.at(-1)?.atUs ?? 0) - line.atUs <= BREAK_US) visit.lines.push(line);
    else {
      const begun: { key: string; lines: [Look, ...Look[]] } = { key: line.id, lines: [line] };
      open.set(who, begun);
      shown.push(begun);
    }
  }
  return shown.map((each) => ('lines' in each && each.lines.length === 1 ? each.lines[0] : each));
}

/** What a visit comes to. */
export interface Told {
  readonly cameras: readonly string[];
  readonly live: boolean;
  readonly recorded: boolean;
  readonly title: string;
  readonly fromUs: number;
  /** Null while some of it is open. */
  readonly endedUs: number | null;
  /** Whether a picture went out, as far as that is known. */
  readonly seen: boolean;
  /** Why all of it ended; null where it is open, or ended for several reasons. */
  readonly reason: string | null;
}

export function told({ lines }: Visit): Told {
  const ends = lines.map(({ endedUs }) => endedUs);
  const [reason = null, ...others] = new Set(lines.map((line) => line.reason));
  return {
    cameras: [...new Set(lines.map(({ camera }) => camera))].sort((a, b) => a.localeCompare(b)),
    live: lines.some(({ view }) => view === 'live'),
    recorded: lines.some(({ view }) => view === 'recorded'),
    title: lines.find(({ title }) => title !== '')?.title ?? '',
    fromUs: Math.min(...lines.map(({ atUs }) => atUs)),
    endedUs: ends.some((end) => end === null) ? null : Math.max(...ends.map((end) => end ?? 0)),
    seen: lines.some(({ viewedUs }) => viewedUs === null || viewedUs > 0),
    reason: others.length > 0 ? null : reason,
  };
}

/** One camera that one person can look at now, by one or several grants. */
export interface Opened {
  readonly key: string;
  readonly first: GrantNow;
  readonly grants: readonly GrantNow[];
  readonly endsUs: number;
}

/** One person who can look now. */
export interface Watcher {
  readonly key: string;
  readonly first: GrantNow;
  /** Why, where one of the grants says it. */
  readonly title: string;
  readonly opened: readonly Opened[];
}

/** Lays grants together by person and purpose, and in these by camera and kind of picture. */
export function watchers(grants: readonly GrantNow[]): readonly Watcher[] {
  const people = by(grants, ({ name, role, agency_name: agency, purpose }) => [name, role, agency, purpose]);
  return people.flatMap(([key, own]): Watcher[] => {
    const [first] = own;
    if (!first) return [];
    // A person made clear is another one in each grant.
    const each = by(own, (grant) => [grant.camera, grant.view, grant.rendition, grant.rendition === 'unmasked' ? grant.grant : '']);
    const opened = each.flatMap(([id, some]): Opened[] => {
      const [one] = some;
      return one ? [{ key: id, first: one, grants: some, endsUs: Math.max(...some.map(({ ends_us: ends }) => ends)) }] : [];
    });
    return [{ key, first, title: own.find(({ incident_title: title }) => title !== '')?.incident_title ?? '', opened }];
  });
}

function by<T>(all: readonly T[], keyOf: (one: T) => unknown): readonly (readonly [string, readonly T[]])[] {
  const found = new Map<string, T[]>();
  for (const one of all) {
    const key = JSON.stringify(keyOf(one));
    found.set(key, [...(found.get(key) ?? []), one]);
  }
  return [...found];
}

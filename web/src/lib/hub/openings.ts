/**
 * What an officer could open now, read from the agreement and the node's own signals.
 *
 * A preview for the screen and for choosing what to ask: the node decides (P4).
 */

import type { TrustedNode } from '../secure/chain';
import type { Signal, View } from '../secure/statements';
import type { Site } from './city';

type Clause = TrustedNode['agreement']['clauses'][number];

export interface Opening {
  /** `now`: by a signal that is raised, or lingers; `alarm`: by one that is not. */
  readonly how: 'now' | 'request' | 'alarm';
  readonly node: TrustedNode;
  readonly clause: Clause;
  /** The clause's signal, if the site has ever raised it. */
  readonly signal: Signal | null;
  readonly purpose: string;
}

const RANK = { now: 0, request: 2, alarm: 4 } as const;
/** What a dispatcher asks with, unless the clause does not know it. */
const USUAL_PURPOSE = 'emergency';

export interface OpeningWish {
  readonly role: string;
  readonly view: View;
  readonly nowUs: number;
  /** One person of a recording, instead of whole pictures: a right of its own. */
  readonly unmasks?: boolean;
}

/**
 * All of a camera's openings for a role and a view, the one to take first in front.
 *
 * What opens by itself comes before what somebody has to be asked for. Clear pictures come first
 * only where the agreement opens them now by itself; people are asked for covered ones first.
 */
export function openingsOf(site: Site, camera: string, wish: OpeningWish): readonly Opening[] {
  const found = site.agreements.flatMap((node) =>
    inForce(node, wish.nowUs) ? node.agreement.clauses.flatMap((clause) => openings(site, node, clause)) : [],
  );
  const fitting = found.filter(
    ({ clause }) =>
      clause.roles.includes(wish.role) &&
      clause.views.includes(wish.view) &&
      (clause.rendition === 'unmasked') === (wish.unmasks ?? false) &&
      (clause.cameras === null || clause.cameras.includes(camera)),
  );
  return fitting
    .map((opening) => (opening.how === 'now' && !isUp(opening, wish.nowUs) ? { ...opening, how: 'alarm' as const } : opening))
    .sort((left, right) => rank(left) - rank(right));
}

/** Exclusive end of what a signal opens: when it cleared or its lease runs out, and its linger. */
export function signalEndUs(clause: Clause, signal: Signal): number {
  const linger = clause.when.type === 'signal' ? clause.when.linger_s * 1_000_000 : 0;
  return (signal.cleared_us ?? signal.lease_until_us) + linger;
}

/** From when on recordings may be opened: look-back before the first raise, or before now. */
export function opensFromUs({ clause, signal }: Opening, nowUs: number): number {
  const reference = clause.when.type === 'signal' && signal !== null ? signal.first_raised_us : nowUs;
  return reference - clause.look_back_s * 1_000_000;
}

function rank({ how, clause: { rendition } }: Opening): number {
  return RANK[how] + (rendition === (how === 'request' ? 'redacted' : 'clear') ? 0 : 1);
}

function openings(site: Site, node: TrustedNode, clause: Clause): Opening[] {
  const purposes = clause.purposes.filter((purpose) => !node.agreement.never.includes(purpose));
  const purpose = purposes.find((each) => each === USUAL_PURPOSE) ?? purposes[0];
  if (purpose === undefined) return [];
  if (clause.when.type === 'request') return [{ how: 'request', node, clause, signal: null, purpose }];
  const signal = site.signals.get(clause.when.signal) ?? null;
  return [{ how: signal === null ? 'alarm' : 'now', node, clause, signal, purpose }];
}

function isUp({ clause, signal }: Opening, nowUs: number): boolean {
  if (signal === null || clause.when.type !== 'signal') return false;
  return (!signal.test || clause.when.test_opens) && nowUs < signalEndUs(clause, signal);
}

function inForce({ agreement }: TrustedNode, nowUs: number): boolean {
  return agreement.not_before_us <= nowUs && nowUs < agreement.not_after_us;
}

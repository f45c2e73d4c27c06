import type { Asked } from '$lib/node/asked';
import type { Waiting } from './site.svelte';

/** Requests of one person for one incident: answered together, each by its own signature. */
export interface Group {
  readonly key: string;
  /** The person, view and reason, which all share. */
  readonly first: Asked;
  readonly members: readonly { readonly asked: Asked; readonly waiting: Waiting }[];
  /** The earliest instant at which one of them is refused by itself. */
  readonly answerByUs: number;
}

export interface Sorted {
  readonly groups: readonly Group[];
  readonly distrusted: readonly Waiting[];
}

/** Groups what belongs together; the most urgent group first. */
export function grouped(requests: readonly Waiting[]): Sorted {
  const byKey = new Map<string, { asked: Asked; waiting: Waiting }[]>();
  const distrusted: Waiting[] = [];
  for (const waiting of requests) {
    const { asked } = waiting;
    if (asked === null) distrusted.push(waiting);
    else byKey.set(keyOf(asked), [...(byKey.get(keyOf(asked)) ?? []), { asked, waiting }]);
  }
  const groups = [...byKey].flatMap(([key, members]): Group[] => {
    const [first] = members;
    if (!first) return [];
    const answerByUs = Math.min(...members.map(({ waiting }) => waiting.question.answer_by_us));
    return [{ key, first: first.asked, members, answerByUs }];
  });
  return { groups: groups.sort((left, right) => left.answerByUs - right.answerByUs), distrusted };
}

/** One person to be seen is a question of its own: in another camera the number is somebody else's. */
function keyOf(asked: Asked): string {
  const { person, view, rendition, purpose, incident, comment, fromUs, untilUs, track, request } = asked;
  const one = track === null ? null : request;
  return JSON.stringify([person, view, rendition, purpose, incident?.title, comment, fromUs, untilUs, one]);
}

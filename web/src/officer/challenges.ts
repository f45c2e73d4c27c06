/**
 * Challenges of nodes, fetched before they are needed: each is good for one request and for a
 * short time, and waiting for one costs a round trip just when an alarm has risen.
 */

import type { Answer } from '$lib/api';
import type { NodeChallenge } from '$lib/hub/client';

interface Kept {
  readonly challenge: string;
  readonly cameMs: number;
}

/** Nodes give them two minutes; by our own clock, so that a clock apart does no harm. */
const FRESH_MS = 80_000;
/** In hand at once, over all nodes. */
const MOST = 36;

export class Challenges {
  readonly #fetch: (node: string) => Promise<Answer<NodeChallenge>>;
  readonly #nowMs: () => number;
  readonly #kept = new Map<string, Kept[]>();
  readonly #fetching = new Map<string, number>();
  #wanted: ReadonlyMap<string, number> = new Map();

  /** `nowMs` is monotonic. */
  constructor(fetch: (node: string) => Promise<Answer<NodeChallenge>>, nowMs: () => number) {
    this.#fetch = fetch;
    this.#nowMs = nowMs;
  }

  /** How many of which node are to be in hand; call `refresh` every few seconds. */
  want(counts: ReadonlyMap<string, number>): void {
    let left = MOST;
    const wanted = new Map<string, number>();
    for (const [node, count] of counts) {
      const kept = Math.min(count, left);
      if (kept > 0) wanted.set(node, kept);
      left -= kept;
    }
    this.#wanted = wanted;
    this.refresh();
  }

  /** Drops the old ones and fetches what is missing. */
  refresh(): void {
    for (const node of this.#kept.keys()) if (!this.#wanted.has(node)) this.#kept.delete(node);
    for (const [node, count] of this.#wanted) {
      const missing = count - this.#fresh(node).length - (this.#fetching.get(node) ?? 0);
      for (let index = 0; index < missing; index += 1) void this.#fill(node);
    }
  }

  /** One that nobody else gets; from hand, else from the node. */
  async take(node: string): Promise<Answer<string>> {
    const kept = this.#fresh(node).shift();
    if (kept !== undefined) return { outcome: 'ok', value: kept.challenge };
    const answer = await this.#fetch(node);
    return answer.outcome === 'ok' ? { outcome: 'ok', value: answer.value.challenge } : answer;
  }

  /** Forgets those of a node: it has started anew and knows them no more. */
  forget(node: string): void {
    this.#kept.delete(node);
  }

  async #fill(node: string): Promise<void> {
    this.#fetching.set(node, (this.#fetching.get(node) ?? 0) + 1);
    const answer = await this.#fetch(node);
    this.#fetching.set(node, (this.#fetching.get(node) ?? 1) - 1);
    if (answer.outcome !== 'ok') return;
    this.#fresh(node).push({ challenge: answer.value.challenge, cameMs: this.#nowMs() });
  }

  #fresh(node: string): Kept[] {
    const oldest = this.#nowMs() - FRESH_MS;
    const fresh = (this.#kept.get(node) ?? []).filter(({ cameMs }) => cameMs > oldest);
    this.#kept.set(node, fresh);
    return fresh;
  }
}

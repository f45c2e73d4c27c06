import { describe, expect, it } from 'vitest';
import type { Answer } from '$lib/api';
import type { NodeChallenge } from '$lib/hub/client';
import { Challenges } from './challenges';

/** Nodes that number what they give out. */
class Nodes {
  given = 0;
  nowMs = 0;
  down = false;

  readonly challenges = new Challenges(
    async (node): Promise<Answer<NodeChallenge>> => {
      if (this.down) return { outcome: 'failed', problem: { kind: 'unavailable', status: 503, title: '', detail: '' } };
      this.given += 1;
      return { outcome: 'ok', value: { challenge: `${node}${this.given}`, expires_us: 0 } };
    },
    () => this.nowMs,
  );

  async take(node: string): Promise<string | null> {
    const answer = await this.challenges.take(node);
    return answer.outcome === 'ok' ? answer.value : null;
  }
}

/** Lets what was asked for arrive. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe('challenges in hand', () => {
  it('are fetched ahead, each for one use', async () => {
    const nodes = new Nodes();
    nodes.challenges.want(new Map([['a', 2]]));
    await settle();
    expect(nodes.given).toBe(2);
    nodes.down = true;
    expect([await nodes.take('a'), await nodes.take('a'), await nodes.take('a')]).toEqual(['a1', 'a2', null]);
  });

  it('are fetched when needed where none were wanted', async () => {
    expect(await new Nodes().take('b')).toBe('b1');
  });

  it('are replaced before nodes forget them', async () => {
    const nodes = new Nodes();
    nodes.challenges.want(new Map([['a', 1]]));
    await settle();
    nodes.nowMs = 90_000;
    nodes.challenges.refresh();
    await settle();
    expect(await nodes.take('a')).toBe('a2');
  });

  it('are not hoarded: neither twice for one wish, nor for nodes that nobody wants any more', async () => {
    const nodes = new Nodes();
    nodes.challenges.want(new Map([['a', 1]]));
    nodes.challenges.refresh();
    await settle();
    expect(nodes.given).toBe(1);
    nodes.challenges.want(new Map([['b', 100]]));
    await settle();
    expect(nodes.given).toBe(37);
    expect(await nodes.take('a')).toBe('a38');
  });

  it('of a node that has started anew are forgotten', async () => {
    const nodes = new Nodes();
    nodes.challenges.want(new Map([['a', 1]]));
    await settle();
    nodes.challenges.forget('a');
    expect(await nodes.take('a')).toBe('a2');
  });
});

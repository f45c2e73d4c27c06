/** A node's log seen from a device: tests decide what it shows and when. */

import type { Answer } from '../../api';
import { b64 } from '../../secure/bytes';
import { consistencyPath, type TestLog } from '../../secure/testing/log';
import type { CheckpointStore } from '../checkpoint-store';
import type { Continuation } from '../client';
import type { LogSource } from '../own-log';

/** Checkpoints in memory, held to the same promise as the browser's store. */
export function memoryCheckpoints(): CheckpointStore & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    get: async (origin) => kept.get(origin) ?? null,
    put: async (origin, note) => void kept.set(origin, note),
  };
}

/** Serves consistency as the node does, from whatever log `log()` returns now. */
export function sourceOf(log: () => TestLog): LogSource {
  return {
    async consistency(first, size): Promise<Answer<Continuation>> {
      const { leaves } = log();
      const end = size ?? leaves.length;
      if (first > end || end > leaves.length) return refused('conflict', 409);
      if (leaves.length === 0) return { outcome: 'ok', value: { checkpoint: null, hashes: [] } };
      const path = first === 0 ? [] : await consistencyPath(first, leaves.slice(0, end));
      return { outcome: 'ok', value: { checkpoint: await log().checkpoint(), hashes: path.map(b64) } };
    },
  };
}

export function refused(kind: 'conflict' | 'offline', status: number): Answer<never> {
  return { outcome: 'failed', problem: { kind, status, title: kind, detail: '' } };
}

// @vitest-environment node
import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Answer } from '../api';
import { TestLog } from '../secure/testing/log';
import type { LogProof } from '../secure/statements';
import type { Continuation } from './client';
import { type LogSource, OwnLog } from './own-log';
import { memoryCheckpoints, refused, sourceOf } from './testing/own-log';

let log: TestLog;
let shown: TestLog;
let store: ReturnType<typeof memoryCheckpoints>;

async function filled(entries: number, origin?: string): Promise<TestLog> {
  const made = await TestLog.create(origin);
  for (let number = 0; number < entries; number += 1) await made.append({ kind: 'window', number });
  return made;
}

function opened(source: LogSource = sourceOf(() => shown)): Promise<OwnLog> {
  return OwnLog.open(source, store, log.vkey);
}

beforeEach(async () => {
  log = await filled(5);
  shown = log;
  store = memoryCheckpoints();
});

describe('a log that only grows', () => {
  it('is followed from the first look on, across visits', async () => {
    expect(await (await opened()).follow()).toEqual({ state: 'holds', size: 5, seenBefore: null });
    await log.append({ kind: 'end' });
    expect(await (await opened()).follow()).toEqual({ state: 'holds', size: 6, seenBefore: 5 });
    expect(store.kept.get(log.origin)?.split('\n')[1]).toBe('6');
  });

  it('proves entries under any checkpoint of it, older or newer than the one followed', async () => {
    const early = await log.append({ kind: 'decision', number: 5 });
    const own = await opened();
    await log.append({ kind: 'window' });
    await own.follow();
    const late = await log.append({ kind: 'end', number: 7 });
    const results = await own.prove([early, late]);
    expect(results.map((result) => result.holds)).toEqual([true, true]);
  });

  it('may be empty on the first day', async () => {
    log = await filled(0);
    shown = log;
    expect(await (await opened()).follow()).toEqual({ state: 'holds', size: 0, seenBefore: null });
  });

  it('is not called broken when nobody answers', async () => {
    await (await opened()).follow();
    const silent = await opened({ consistency: async () => refused('offline', 0) });
    expect((await silent.follow()).state).toBe('unreachable');
  });
});

describe('a log that was changed', () => {
  /** The same key shows another history. */
  async function forked(entries: number, of?: TestLog): Promise<TestLog> {
    const other = of ?? (await filled(0));
    const twin = Object.assign(Object.create(Object.getPrototypeOf(log) as object) as TestLog, log);
    for (let number = 0; number < entries; number += 1) await other.append({ kind: 'forged', number });
    Object.defineProperty(twin, 'leaves', { value: other.leaves });
    twin.signed = (body) => log.signed(body);
    return twin;
  }

  it('is shown loudly when its history was rewritten, and the earlier checkpoint is kept', async () => {
    await (await opened()).follow();
    const before = store.kept.get(log.origin);
    shown = await forked(9);
    const own = await opened();
    const state = await own.follow();
    expect(state).toMatchObject({ state: 'broken', kept: before });
    expect(state.state === 'broken' && state.shown).toContain(log.origin);
    expect(store.kept.get(log.origin)).toBe(before);
    shown = log;
    expect((await own.follow()).state).toBe('broken');
  });

  it('is shown loudly when it became shorter', async () => {
    await (await opened()).follow();
    shown = await forked(3);
    expect(await (await opened()).follow()).toMatchObject({ state: 'broken', reason: expect.stringContaining('shorter') });
    shown = await forked(0);
    expect((await (await opened()).follow()).state).toBe('broken');
  });

  it('is shown loudly when another key signed it', async () => {
    shown = await filled(5);
    expect(await (await opened()).follow()).toMatchObject({ state: 'broken' });
  });

  it('cannot prove an entry that stands only in another history', async () => {
    const own = await opened();
    await own.follow();
    const other = await filled(4);
    const entry = await other.append({ kind: 'decision', outcome: 'permit' });
    const forgery = { ...entry, checkpoint: await (await forked(0, other)).checkpoint() };
    expect(forgery.size).toBe(5);
    expect(await own.prove([forgery])).toMatchObject([{ holds: false }]);
  });

  it('proves nothing before it has been followed', async () => {
    const proof = await log.append({ kind: 'decision' });
    expect(await (await opened()).prove([proof])).toMatchObject([{ holds: false }]);
  });
});

describe('the golden log', () => {
  interface Golden {
    readonly vkey: string;
    readonly checkpoints: readonly string[];
    readonly consistency: readonly { readonly old: number; readonly new: number; readonly hashes: readonly string[] }[];
    readonly proofs: readonly LogProof[];
  }

  const golden = JSON.parse(
    readFileSync(new URL('../../../../tests/golden/audit/vectors.json', import.meta.url), 'utf8'),
  ) as Golden;
  const sizeOf = (note: string): number => Number(note.split('\n')[1]);

  function source(note: string): LogSource {
    return {
      async consistency(first, size): Promise<Answer<Continuation>> {
        const end = size ?? sizeOf(note);
        const path = golden.consistency.find((each) => each.old === first && each.new === end);
        return { outcome: 'ok', value: { checkpoint: note, hashes: path?.hashes ?? [] } };
      },
    };
  }

  it('is followed from checkpoint to checkpoint, and its proofs hold', async () => {
    const [first, , last] = golden.checkpoints as [string, string, string];
    await (await OwnLog.open(source(first), store, golden.vkey)).follow();
    const own = await OwnLog.open(source(last), store, golden.vkey);
    expect(await own.follow()).toEqual({ state: 'holds', size: sizeOf(last), seenBefore: sizeOf(first) });
    const results = await own.prove(golden.proofs);
    expect(results.every(({ holds }) => holds)).toBe(true);
  });
});

// @vitest-environment node
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { agreement } from './agreement';
import { type Bytes, copyOf } from './bytes';
import { readEnvelope } from './envelope';
import { readLiveFrame } from './live-frames';
import { readConfiguration } from './open-run';
import { Refused } from './refused';
import { Cursor, readHeader, readRunRecord, readRuns, readUnitRecord } from './segment';
import { decision, manifest } from './statements';
import { parseVerifier } from './tlog';

const ROUNDS = 3000;
const golden: Bytes = copyOf(readFileSync(new URL('../../../../tests/golden/segment/two-groups.hfsg', import.meta.url)));

/** Numbers that are the same on every run: mulberry32. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function noise(roll: () => number): Bytes {
  const bytes = new Uint8Array(Math.floor(roll() * 300));
  return bytes.map(() => Math.floor(roll() * 256));
}

/** The golden file, cut somewhere and with a few bytes changed. */
function damaged(roll: () => number): Bytes {
  const bytes = copyOf(golden.subarray(0, Math.floor(roll() * golden.length)));
  for (let hits = Math.floor(roll() * 4); hits > 0 && bytes.length > 0; hits -= 1) {
    bytes[Math.floor(roll() * bytes.length)] = Math.floor(roll() * 256);
  }
  return bytes;
}

/** Throws on anything but a value or a refusal. */
function onlyRefuses(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
}

describe('whatever the bytes, the readers return or refuse', () => {
  it.each<[string, (bytes: Bytes) => unknown]>([
    ['header', readHeader],
    ['runs', (bytes) => readRuns(bytes)],
    ['run record', (bytes) => readRunRecord(new Cursor(bytes))],
    ['unit record', (bytes) => readUnitRecord(new Cursor(bytes))],
    ['configuration', readConfiguration],
    ['live frame', readLiveFrame],
  ])('%s', (_, read) => {
    const roll = dice(7);
    for (let round = 0; round < ROUNDS; round += 1) {
      onlyRefuses(() => read(noise(roll)));
      onlyRefuses(() => read(damaged(roll)));
      const frame = noise(roll);
      if (frame.length > 0) frame[0] = 1 + (round % 7);
      onlyRefuses(() => read(frame));
    }
  });

  it('a cut segment keeps exactly its whole records', () => {
    const whole = readRuns(golden);
    for (let cut = 104; cut <= golden.length; cut += 1) {
      for (const [at, run] of readRuns(copyOf(golden.subarray(0, cut))).entries()) {
        expect(run.units.length).toBeLessThanOrEqual(whole[at]?.units.length ?? 0);
        expect(run.offset + run.length).toBeLessThanOrEqual(cut);
      }
    }
    expect(readRuns(golden).at(-1)).toMatchObject({ length: golden.length - (whole.at(-1)?.offset ?? 0) });
  });
});

it('statements of any JSON are read or refused', async () => {
  const roll = dice(11);
  const leaf = (): unknown => [null, true, -1, 1.5, 2 ** 60, '', 'AA', {}, [], undefined][Math.floor(roll() * 10)];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const read of [decision.read, manifest.read, agreement.read, readEnvelope]) {
      const names = ['node', 'payloadType', 'payload', 'signatures', 'grant', 'log', 'runs', 'suite', 'clauses'];
      const value = Object.fromEntries(names.map((name) => [name, roll() < 0.5 ? leaf() : [leaf(), { [name]: leaf() }]]));
      onlyRefuses(() => read(roll() < 0.1 ? leaf() : value, 'fuzz'));
    }
  }
  await expect(parseVerifier('a+b+c')).rejects.toBeInstanceOf(Refused);
});

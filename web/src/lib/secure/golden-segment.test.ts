// @vitest-environment node
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { b64, type Bytes, copyOf, fromUtf8, hex, sha256, unb64, unhex, utf8 } from './bytes';
import { hpkeOpen } from './hpke';
import { Cover, runKey, streamLabel } from './keytree';
import { LiveKeys } from './live-key';
import { readLiveFrame } from './live-frames';
import { OpenRun } from './open-run';
import { releaseInfo } from './release';
import { readHeader, readRuns } from './segment';
import { TestSite } from './testing/site';

interface Vectors {
  readonly header: Readonly<Record<string, string | number>>;
  readonly keys: {
    readonly root: string;
    readonly leaves: readonly { readonly leaf: number; readonly key: string }[];
    readonly covers: readonly { readonly first: number; readonly end: number; readonly nodes: readonly [number, number, string][] }[];
  };
  readonly runs: readonly {
    readonly run: number;
    readonly offset: number;
    readonly length: number;
    readonly sha256: string;
    readonly run_key: string;
    readonly config: string;
    readonly units: readonly { readonly track: number; readonly key: boolean; readonly pts: number; readonly dts: number; readonly data: string }[];
  }[];
  readonly live: { readonly grant: string; readonly live_key: string; readonly frames: readonly string[] };
}

const folder = new URL('../../../../tests/golden/segment/', import.meta.url);
const vectors = read<Vectors>('vectors.json');
const release = read<Record<'private' | 'public' | 'request' | 'grant' | 'checkpoint' | 'info' | 'plain' | 'sealed', string>>('release.json');
const file: Bytes = copyOf(readFileSync(new URL('two-groups.hfsg', folder)));

function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as T;
}

function cover(nodes: readonly [number, number, string][]): Cover {
  return new Cover(nodes.map(([depth, index, key]) => ({ depth, index, key: unhex(key) })));
}

describe('the golden key tree', () => {
  it('gives every leaf from the root', async () => {
    const whole = cover([[0, 0, vectors.keys.root]]);
    for (const { leaf, key } of vectors.keys.leaves) expect(hex(await whole.leaf(leaf))).toBe(key);
  });

  it('gives the same leaves from covers, and nothing outside them', async () => {
    const whole = cover([[0, 0, vectors.keys.root]]);
    for (const { first, end, nodes } of vectors.keys.covers) {
      const part = cover(nodes);
      for (const leaf of [first, Math.floor((first + end) / 2), end - 1]) {
        expect(await part.leaf(leaf)).toEqual(await whole.leaf(leaf));
      }
      expect([part.reaches(first - 1), part.reaches(end)]).toEqual([false, false]);
      await expect(part.leaf(end)).rejects.toMatchObject({ code: 'no-key' });
    }
  });
});

describe('the golden segment', () => {
  const header = readHeader(file);
  const runs = readRuns(file);

  it('has the header of its vectors', () => {
    expect(header).toMatchObject({ owner: vectors.header['owner'], camera: vectors.header['camera'], stream: 'main', rendition: 'clear' });
    expect([header.periodStartUs, header.startUs]).toEqual([vectors.header['period_start_us'], vectors.header['start_us']]);
    expect(hex(unb64(header.segment))).toBe(vectors.header['segment']);
  });

  it('opens to the bytes that were sealed, run by run', async () => {
    const tree = cover([[0, 0, vectors.keys.root]]);
    const label = streamLabel(header.camera, header.stream, header.rendition);
    expect(runs).toHaveLength(vectors.runs.length);
    for (const [at, wanted] of vectors.runs.entries()) {
      const run = runs[at] as (typeof runs)[number];
      const key = await runKey(await tree.leaf(run.record.leaf), label, unb64(header.segment), run.record.run);
      expect([hex(key), run.offset, run.length]).toEqual([wanted.run_key, wanted.offset, wanted.length]);
      expect(hex(await sha256(copyOf(file.subarray(run.offset, run.offset + run.length))))).toBe(wanted.sha256);
      const open = await OpenRun.with(key, header, run.record);
      if (run.record.key) expect((await open.configuration(run.record.config))[0]?.codec).toBe('h264');
      const opened = await Promise.all(run.units.map((unit, index) => open.unit(index + 1, unit)));
      expect(opened.map(hex)).toEqual(wanted.units.map(({ data }) => data));
      expect(run.units.map(({ track, key: isKey, pts, dts }) => ({ track, key: isKey, pts, dts }))).toEqual(
        wanted.units.map(({ track, key: isKey, pts, dts }) => ({ track, key: isKey, pts, dts })),
      );
    }
  });

  it('refuses a changed unit, a unit in another place and another run’s key', async () => {
    const [run, next] = [runs[0], runs[1]] as [(typeof runs)[number], (typeof runs)[number]];
    const open = await OpenRun.with(unhex(vectors.runs[0]?.run_key as string), header, run.record);
    const unit = run.units[0] as (typeof run.units)[number];
    const changed = copyOf(unit.sealed);
    changed[0] = (changed[0] as number) ^ 1;
    await expect(open.unit(1, { ...unit, sealed: changed })).rejects.toMatchObject({ code: 'bad-seal' });
    await expect(open.unit(2, unit)).rejects.toMatchObject({ code: 'bad-seal' });
    await expect(open.unit(1, { ...unit, pts: unit.pts + 1 })).rejects.toMatchObject({ code: 'bad-seal' });
    await expect(OpenRun.with(unhex(vectors.runs[0]?.run_key as string), header, next.record)).rejects.toMatchObject({ code: 'bad-seal' });
  });
});

it('reads the golden live frames and unwraps their run key', async () => {
  const frames = vectors.live.frames.map((frame) => readLiveFrame(unhex(frame)));
  const site = await TestSite.create();
  const start = vectors.header['start_us'] as number;
  const window = { from_us: start, until_us: start + 10_000_000 };
  const keys = await LiveKeys.of(vectors.live.grant, site.trusted, unhex(vectors.live.live_key), window);
  const found = frames.find((frame) => frame.type === 'key');
  if (found?.type !== 'key') throw new Error('the vectors hold no key frame');
  expect(hex(await keys.unwrap(found.key, start))).toBe(vectors.runs[found.key.run]?.run_key);
  expect(new Set(frames.map(({ type }) => type))).toEqual(new Set(['segment', 'run', 'units', 'key']));
});

it('opens the golden release with a key that cannot be taken out', async () => {
  // RFC 8410: an X25519 private key in PKCS #8 is this prefix and the raw key.
  const pkcs8 = unhex(`302e020100300506032b656e04220420${release.private}`);
  const privateKey = await crypto.subtle.importKey('pkcs8', pkcs8, 'X25519', false, ['deriveBits']);
  const publicKey = await crypto.subtle.importKey('raw', unb64(release.public), 'X25519', true, []);
  const info = await releaseInfo(release.request, release.grant, release.checkpoint);
  expect(hex(info)).toBe(release.info);
  const opened = await hpkeOpen({ privateKey, publicKey }, unhex(release.sealed), info);
  expect(fromUtf8(opened)).toBe(release.plain);
  await expect(hpkeOpen({ privateKey, publicKey }, unhex(release.sealed), utf8('other'))).rejects.toMatchObject({ code: 'bad-seal' });
  expect(b64(info)).toHaveLength(43);
});

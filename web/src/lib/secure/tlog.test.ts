// @vitest-environment node
import { beforeAll, describe, expect, it } from 'vitest';
import type { Bytes } from './bytes';
import { consistencyPath, inclusionPath, TestLog, treeHash } from './testing/log';
import { leafHash, openCheckpoint, parseVerifier, treeRoot, verifyConsistency, verifyInclusion } from './tlog';

const SIZE = 18;
let leaves: Bytes[];

beforeAll(async () => {
  leaves = await Promise.all(Array.from({ length: SIZE }, (_, index) => leafHash(Uint8Array.of(index))));
});

describe('inclusion', () => {
  it('holds for every leaf of every size', async () => {
    for (let size = 1; size <= SIZE; size += 1) {
      const tree = leaves.slice(0, size);
      const root = await treeHash(tree);
      expect(await treeRoot(tree)).toEqual(root);
      for (const [index, leaf] of tree.entries()) {
        await verifyInclusion(leaf, index, await inclusionPath(index, tree), { size, root });
      }
    }
  });

  it('fails for another place, another leaf, a cut and a longer path', async () => {
    const root = await treeHash(leaves);
    const path = await inclusionPath(5, leaves);
    const wrong: [Bytes, number, Bytes[]][] = [
      [leaves[5] as Bytes, 4, path],
      [leaves[6] as Bytes, 5, path],
      [leaves[5] as Bytes, 5, path.slice(0, -1)],
      [leaves[5] as Bytes, 5, [...path, root]],
      [leaves[5] as Bytes, SIZE, path],
    ];
    for (const [leaf, index, hashes] of wrong) {
      await expect(verifyInclusion(leaf, index, hashes, { size: SIZE, root })).rejects.toMatchObject({ code: 'bad-proof' });
    }
  });
});

describe('consistency', () => {
  it('holds between all sizes and fails against another history', async () => {
    const forged = [await leafHash(Uint8Array.of(99)), ...leaves.slice(1)];
    for (let first = 1; first < SIZE; first += 1) {
      const later = { size: SIZE, root: await treeHash(leaves) };
      const hashes = await consistencyPath(first, leaves);
      await verifyConsistency({ size: first, root: await treeHash(leaves.slice(0, first)) }, later, hashes);
      const other = { size: first, root: await treeHash(forged.slice(0, first)) };
      await expect(verifyConsistency(other, later, hashes)).rejects.toMatchObject({ code: 'bad-proof' });
    }
  });

  it('refuses a log that became shorter', async () => {
    const [long, short] = [{ size: 2, root: await treeHash(leaves.slice(0, 2)) }, { size: 1, root: leaves[0] as Bytes }];
    await expect(verifyConsistency(long, short, [])).rejects.toMatchObject({ code: 'bad-proof' });
  });
});

describe('checkpoints', () => {
  it('open under the log’s own key and say size and root', async () => {
    const log = await TestLog.create();
    await log.append({ kind: 'test' });
    const checkpoint = await openCheckpoint(await log.checkpoint(), await parseVerifier(log.vkey));
    expect(checkpoint).toEqual({ origin: log.origin, size: 1, root: log.leaves[0] });
  });

  it('are refused under another key, when changed, and when they are of another log', async () => {
    const [log, other] = await Promise.all([TestLog.create(), TestLog.create()]);
    const note = await log.checkpoint();
    const verifier = await parseVerifier(log.vkey);
    await expect(openCheckpoint(note, await parseVerifier(other.vkey))).rejects.toMatchObject({ code: 'bad-signature' });
    await expect(openCheckpoint(note.replace('\n0\n', '\n1\n'), verifier)).rejects.toMatchObject({ code: 'bad-signature' });
    const elsewhere = await log.signed((await log.checkpoint()).split('\n\n')[0]?.replace('kallio', 'other') + '\n');
    await expect(openCheckpoint(elsewhere, verifier)).rejects.toMatchObject({ code: 'bad-proof' });
  });

  it('are refused when the key’s text does not fit itself', async () => {
    const { vkey } = await TestLog.create();
    await expect(parseVerifier(vkey.replace(/\+[0-9a-f]{8}\+/, '+00000000+'))).rejects.toMatchObject({ code: 'malformed' });
  });
});

/** One opened entry of an owner's log, proven against the log key that the agreement pins. */

import { concat, equal, fromUtf8, sha256, unb64 } from './bytes';
import { canonical, type Json } from './canonical';
import { Refused } from './refused';
import { parseJson } from './shape';
import type { LogProof } from './statements';
import { type Checkpoint, leafHash, openCheckpoint, type Verifier, verifyInclusion } from './tlog';

export interface ProvenEntry {
  readonly checkpoint: Checkpoint;
  readonly index: number;
  /** The entry's own fields; who asks must still compare them with what was expected. */
  readonly entry: Readonly<Record<string, Json>>;
}

/** Checks checkpoint signature, origin, size and inclusion; returns the entry that was proven. */
export async function proveEntry(proof: LogProof, verifier: Verifier): Promise<ProvenEntry> {
  const checkpoint = await openCheckpoint(proof.checkpoint, verifier);
  if (proof.origin !== checkpoint.origin || proof.size !== checkpoint.size) {
    throw new Refused('bad-proof', 'the proof speaks of another tree than its checkpoint');
  }
  const entry = unb64(proof.entry);
  // A leaf is the hash of a salted entry, so that tiles can be public and a salt erased.
  const leaf = await leafHash(await sha256(concat(unb64(proof.salt), entry)));
  await verifyInclusion(leaf, proof.index, proof.hashes.map(unb64), checkpoint);
  const fields = parseJson(fromUtf8(entry), 'log entry');
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    throw new Refused('malformed', 'the log entry is not an object');
  }
  return { checkpoint, index: proof.index, entry: fields as Readonly<Record<string, Json>> };
}

/** Refuses an entry that does not say `expected`, field by field; it may say more. */
export function requireEntry(
  proven: ProvenEntry,
  expected: Readonly<Record<string, Json>>,
): void {
  for (const [name, value] of Object.entries(expected)) {
    const said = proven.entry[name];
    if (said === undefined || !equal(canonical(said), canonical(value))) {
      throw new Refused('not-ours', `the log entry names another ${name} than the one released`);
    }
  }
}

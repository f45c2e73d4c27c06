/**
 * The owner's log as this device follows it: each checkpoint must continue the one before, and
 * each entry shown must be in that very log. A fork or a shorter log is never passed over.
 */

import type { Answer } from '../api';
import type { Problem } from '../problem';
import { equal, unb64 } from '../secure/bytes';
import { proveEntry, type ProvenEntry } from '../secure/log-proof';
import { asRefused, Refused } from '../secure/refused';
import type { LogProof } from '../secure/statements';
import { type Checkpoint, openCheckpoint, parseVerifier, type Verifier, verifyConsistency } from '../secure/tlog';
import type { CheckpointStore } from './checkpoint-store';
import type { Continuation } from './client';

/** Where the log's continuation is asked for; `NodeClient` in the page. */
export interface LogSource {
  consistency(first: number, size?: number): Promise<Answer<Continuation>>;
}

export type LogState =
  /** Nothing has been verified yet. */
  | { readonly state: 'unknown' }
  /** Signed, and continuing all that this device saw before. `since` is the first size seen now. */
  | { readonly state: 'holds'; readonly size: number; readonly seenBefore: number | null }
  /** The log was rewritten, has become shorter, or is signed by another key. */
  | { readonly state: 'broken'; readonly reason: string; readonly kept: string | null; readonly shown: string | null }
  /** The node did not answer; nothing is said about the log. */
  | { readonly state: 'unreachable'; readonly problem: Problem };

/** An entry with its proof, or why it is not believed. */
export type Proven =
  | { readonly holds: true; readonly proven: ProvenEntry }
  | { readonly holds: false; readonly reason: string };

const SHRUNK = 'the log became shorter than this device has seen it';

export class OwnLog {
  readonly #source: LogSource;
  readonly #store: CheckpointStore;
  readonly #verifier: Verifier;
  /** Newest checkpoint verified in this page. */
  #newest: Checkpoint | null = null;
  #state: LogState = { state: 'unknown' };

  private constructor(source: LogSource, store: CheckpointStore, verifier: Verifier) {
    this.#source = source;
    this.#store = store;
    this.#verifier = verifier;
  }

  /** `vkey` is the pinned one, never what the node says today. */
  static async open(source: LogSource, store: CheckpointStore, vkey: string): Promise<OwnLog> {
    return new OwnLog(source, store, await parseVerifier(vkey));
  }

  get state(): LogState {
    return this.#state;
  }

  /**
   * Fetches the newest checkpoint and verifies that it continues the one this device has kept;
   * only then is it kept in its place. Once broken, the log stays broken for this page.
   */
  async follow(): Promise<LogState> {
    if (this.#state.state === 'broken') return this.#state;
    const kept = await this.#store.get(this.#verifier.name);
    let shown: string | null = null;
    try {
      const earlier = kept === null ? null : await openCheckpoint(kept, this.#verifier);
      const answer = await this.#source.consistency(earlier?.size ?? 0);
      if (answer.outcome !== 'ok') return this.#notAnswered(answer, earlier, kept);
      shown = answer.value.checkpoint;
      // An empty log is one that this device has seen nothing of; otherwise it has shrunk.
      if (shown === null && earlier !== null) throw new Refused('bad-proof', SHRUNK);
      if (shown === null) return (this.#state = { state: 'holds', size: 0, seenBefore: null });
      const newest = await openCheckpoint(shown, this.#verifier);
      if (earlier !== null) await verifyConsistency(earlier, newest, answer.value.hashes.map(unb64));
      await this.#store.put(this.#verifier.name, shown);
      this.#newest = newest;
      this.#state = { state: 'holds', size: newest.size, seenBefore: earlier?.size ?? null };
    } catch (error) {
      const { message } = asRefused(error, 'bad-proof', 'the checkpoint could not be read');
      this.#state = { state: 'broken', reason: message, kept, shown };
    }
    return this.#state;
  }

  /** Verifies proofs against the log that this device follows; call `follow` after fetching them. */
  async prove(proofs: readonly LogProof[]): Promise<readonly Proven[]> {
    const continued = new Map<string, Promise<void>>();
    return Promise.all(proofs.map((proof) => this.#prove(proof, continued)));
  }

  async #prove(proof: LogProof, continued: Map<string, Promise<void>>): Promise<Proven> {
    try {
      const proven = await proveEntry(proof, this.#verifier);
      // Proofs made between two writes come under several checkpoints; each must be of one log.
      let same = continued.get(proof.checkpoint);
      if (same === undefined) {
        same = this.#continues(proven.checkpoint);
        continued.set(proof.checkpoint, same);
      }
      await same;
      return { holds: true, proven };
    } catch (error) {
      return { holds: false, reason: asRefused(error, 'bad-proof', 'the proof could not be read').message };
    }
  }

  async #continues(checkpoint: Checkpoint): Promise<void> {
    const newest = this.#newest;
    if (newest === null) throw new Refused('bad-proof', 'the newest checkpoint has not been verified');
    if (checkpoint.size === newest.size) {
      if (equal(checkpoint.root, newest.root)) return;
      throw new Refused('bad-proof', 'the entry is proven in another log than this device follows');
    }
    const [earlier, later] = checkpoint.size < newest.size ? [checkpoint, newest] : [newest, checkpoint];
    const answer = await this.#source.consistency(earlier.size, later.size);
    if (answer.outcome !== 'ok') throw new Refused('bad-proof', 'the site did not prove that the log continues');
    await verifyConsistency(earlier, later, answer.value.hashes.map(unb64));
  }

  #notAnswered(
    answer: Exclude<Answer<Continuation>, { outcome: 'ok' }>,
    earlier: Checkpoint | null,
    kept: string | null,
  ): LogState {
    const problem: Problem =
      answer.outcome === 'failed'
        ? answer.problem
        : { kind: 'denied', status: 403, title: answer.denial.reason, detail: answer.denial.sentence };
    // "Cannot continue" is an answer about the log, not about the network.
    this.#state = earlier !== null && problem.kind === 'conflict'
      ? { state: 'broken', reason: SHRUNK, kept, shown: null }
      : { state: 'unreachable', problem };
    return this.#state;
  }
}

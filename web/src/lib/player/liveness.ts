/**
 * How old the picture on the screen really is, by the node's signed word.
 *
 * Each second a nonce goes out and the node signs what its newest unit is and how long ago it
 * came in. The answer was signed after the nonce left, so `sent - age_us` is never later than
 * the true moment; the age shown is therefore never too young.
 */

import { b64, type Bytes } from '../secure/bytes';
import type { TrustedNode } from '../secure/chain';
import { open } from '../secure/envelope';
import { Refused } from '../secure/refused';
import { type Alive, alive, type Rendition, type Stream } from '../secure/statements';
import { TICKS_PER_MS } from './picture';

/** A picture older than this, or an answer missing for this long, is not live (2 s with the tick). */
export const LIVE_LIMIT_MS = 1900;
/**
 * Covering people takes the site a moment, on a busy machine a second or two. Such a picture is
 * live while it is the newest that there is, and the tile says how far behind it is.
 */
export const REDACTED_LIMIT_MS = 4000;
/** A nonce is good for this long; a later answer says nothing about now. */
const NONCE_MS = 5000;
/** Leaf seconds are whole: two pictures may differ from their leaves by so much. */
const LEAF_SLACK_MS = 2000;
/** Pictures do not come from the future; camera bursts may look a little like it. */
const FUTURE_SLACK_MS = 1500;
const ANSWERS_KEPT = 4;

/** Where a picture lies in the stream. */
export interface Position {
  readonly segment: string;
  readonly run: number;
  readonly unit: number;
  readonly pts: number;
}

/** The second of its period in which a run lies, known from its released key. */
export interface Place {
  readonly period: string;
  readonly leaf: number;
}

export interface LivenessPorts {
  readonly node: TrustedNode;
  /** Id of the grant. */
  readonly grant: string;
  readonly camera: string;
  readonly stream: Stream;
  readonly rendition: Rendition;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
  readonly random: (length: number) => Bytes;
  /** Null as long as the run's key has not come. */
  readonly locate: (segment: string, run: number) => Place | null;
}

interface Answer {
  readonly statement: Alive;
  readonly sentMs: number;
  readonly cameMs: number;
}

export interface LiveAge {
  readonly live: boolean;
  /** Of the picture shown; null before anything is known. */
  readonly ageMs: number | null;
}

export class Liveness {
  readonly #ports: LivenessPorts;
  readonly #asked = new Map<string, number>();
  #answers: readonly Answer[] = [];
  #shown: { readonly at: Position; readonly sinceMs: number } | null = null;
  /** Local time at which the shown picture was received by the node, as far as known. */
  #receivedMs: number | null = null;

  constructor(ports: LivenessPorts) {
    this.#ports = ports;
  }

  /** Whether the node has ever answered. */
  get answered(): boolean {
    return this.#answers.length > 0;
  }

  /** A fresh nonce to send now. */
  ask(): string {
    const now = this.#ports.nowMs();
    for (const [nonce, sentMs] of this.#asked) if (now - sentMs > NONCE_MS) this.#asked.delete(nonce);
    const nonce = b64(this.#ports.random(16));
    this.#asked.set(nonce, now);
    return nonce;
  }

  /** Takes a node's answer; refuses it unless it is signed, ours, fresh and about this stream. */
  async answer(envelope: unknown): Promise<Alive> {
    const { statement } = await open(envelope, alive, this.#ports.node.ring);
    const { node, camera, stream, rendition } = this.#ports;
    const about = statement.node === node.id && statement.camera === camera;
    if (!about || statement.stream !== stream || statement.rendition !== rendition) {
      throw new Refused('not-ours', 'the liveness answer is about another stream');
    }
    if (statement.closes !== undefined && statement.closes.grant !== this.#ports.grant) {
      throw new Refused('not-ours', 'the liveness answer is about another grant');
    }
    const sentMs = this.#asked.get(statement.nonce);
    const cameMs = this.#ports.nowMs();
    if (sentMs === undefined || cameMs - sentMs > NONCE_MS) {
      throw new Refused('not-ours', 'the liveness answer is old or not to our question');
    }
    this.#asked.delete(statement.nonce);
    this.#answers = [{ statement, sentMs, cameMs }, ...this.#answers].slice(0, ANSWERS_KEPT);
    return statement;
  }

  /** Notes which picture is on the screen now. */
  shown(at: Position): void {
    this.#shown = { at, sinceMs: this.#ports.nowMs() };
    this.#receivedMs = null;
  }

  /** How old the shown picture is at this moment, and whether that may be called live. */
  age(): LiveAge {
    if (this.#shown === null) return { live: false, ageMs: null };
    const now = this.#ports.nowMs();
    for (const answer of this.#answers) {
      const receivedMs = this.#receivedAt(answer, this.#shown.at);
      if (receivedMs === null || receivedMs - now > FUTURE_SLACK_MS) continue;
      this.#receivedMs = receivedMs;
      const ageMs = Math.max(0, now - receivedMs);
      return { live: now - answer.cameMs <= LIVE_LIMIT_MS && this.#inTime(ageMs, answer), ageMs };
    }
    // Nothing to compare with: it is at least as old as it has been standing here.
    return { live: false, ageMs: now - (this.#receivedMs ?? this.#shown.sinceMs) };
  }

  /** Whatever the node itself takes for covering, nobody behind it may take longer than for clear ones. */
  #inTime(ageMs: number, { statement }: Answer): boolean {
    if (this.#ports.rendition === 'clear') return ageMs <= LIVE_LIMIT_MS;
    return ageMs <= REDACTED_LIMIT_MS && ageMs - statement.age_us / 1000 <= LIVE_LIMIT_MS;
  }

  /** When the node received picture `at`, in local time; null when the answer cannot tell. */
  #receivedAt({ statement, sentMs }: Answer, at: Position): number | null {
    const newestMs = sentMs - statement.age_us / 1000;
    const lag = this.#lagMs(statement, at);
    return lag === null ? null : newestMs - lag;
  }

  /** How much older `at` is than the newest unit of the answer. */
  #lagMs(newest: Alive, at: Position): number | null {
    const byPts = (newest.pts - at.pts) / TICKS_PER_MS;
    if (newest.segment === at.segment) return byPts;
    const [there, here] = [
      this.#ports.locate(newest.segment, newest.run),
      this.#ports.locate(at.segment, at.run),
    ];
    if (there === null || here === null || there.period !== here.period) return null;
    // pts may start anew between segments (the camera came back); the node's seconds do not.
    const byLeaf = (there.leaf - here.leaf) * 1000;
    return Math.abs(byPts - byLeaf) <= LEAF_SLACK_MS ? byPts : byLeaf;
  }
}

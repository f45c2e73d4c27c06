/** From a wish to an opened release: challenge, signed request, the node's decision, checked. */

import type { Answer as Call } from '$lib/api';
import type { HubClient } from '$lib/hub/client';
import { signAsk } from '$lib/secure/ask';
import type { TrustedNode } from '$lib/secure/chain';
import type { Identity } from '$lib/secure/device';
import type { Envelope } from '$lib/secure/envelope';
import { asRefused } from '$lib/secure/refused';
import { openDecision, type Answer, type Asked, type ReleasedKeys } from '$lib/secure/release';
import type { TrackKind } from '$lib/secure/rendition';
import type { Grant, Rendition, Stream, View } from '$lib/secure/statements';
import type { Challenges } from './challenges';
import { covers, type Notes, PendingAsks, type Subject } from './pending-asks';

export interface Wish {
  readonly node: TrustedNode;
  readonly camera: string;
  readonly stream: Stream;
  readonly view: View;
  readonly rendition: Rendition;
  readonly purpose: string;
  readonly incident: string;
  /** The dispatch key's statement about the incident, where there is one. */
  readonly statement: Envelope | null;
  /** Range of a recorded view, microseconds, end exclusive; null for live. */
  readonly range: { readonly fromUs: number; readonly untilUs: number } | null;
  /** Whom or what to see clear, and why; with the rendition `unmasked` only. */
  readonly track?: number;
  readonly trackKind?: TrackKind;
  /** The segment of the live picture in which they were chosen; with a live `track` only. */
  readonly seenIn?: string;
  readonly comment?: string;
  /** Whether a person has to answer: they are never asked twice for the same at one time. */
  readonly byOwner: boolean;
}

export interface Permit {
  readonly outcome: 'permit';
  readonly node: TrustedNode;
  readonly grant: Grant;
  readonly keys: ReleasedKeys;
}

export type Settled =
  | Permit
  | { readonly outcome: 'deny'; readonly reason: string; readonly explanation: string }
  /** Nothing trustworthy came back: the code of a refusal, or `unreachable`. */
  | { readonly outcome: 'failed'; readonly code: string };

export type Asking =
  | Settled
  /** The owner is asked; `settled` resolves when they have answered or time has run out. */
  | { readonly outcome: 'pending'; readonly answerByUs: number | null; readonly settled: Promise<Settled> };

type Pending = Extract<Answer, { readonly outcome: 'pending' }>;

export interface AskerPorts {
  readonly identity: Identity;
  readonly hub: Pick<HubClient, 'access' | 'decision'>;
  readonly challenges: Challenges;
  /** Where requests that wait for an owner outlive the page. */
  readonly notes: Notes;
  /** Wall clock, microseconds. */
  readonly nowUs: () => number;
  readonly newId: () => string;
  /** Waits so long, or until aborted. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Decisions come by the hub's events; this is for those that were lost on the way. */
const LOOK_EVERY_MS = 5000;
/** The node settles at `answerByUs`; its answer may take a little. */
const AFTER_US = 10_000_000;

export class Asker {
  readonly #ports: AskerPorts;
  readonly #waiting = new Map<string, (decision: Envelope) => void>();
  /** What owners have been asked and have not answered. */
  #open: readonly { readonly wish: Wish; readonly asking: Promise<Asking> }[] = [];

  readonly #kept: PendingAsks;

  constructor(ports: AskerPorts) {
    this.#ports = ports;
    this.#kept = new PendingAsks(ports.notes, ports.nowUs);
  }

  /**
   * Asks a node; a wish that an owner has before them already joins it, and gets its answer.
   *
   * Args:
   *   signal: ends waiting; an owner's answer is waited for all the same, for whoever asks next.
   */
  ask(wish: Wish, signal: AbortSignal): Promise<Asking> {
    if (!wish.byOwner) return this.#askFresh(wish, signal);
    const open = this.#open.find((each) => covers(subjectOf(each.wish), subjectOf(wish)));
    if (open) return open.asking;
    const asking = this.#askOwner(wish, () => (this.#open = this.#open.filter((each) => each.asking !== asking)));
    this.#open = [...this.#open, { wish, asking }];
    return asking;
  }

  /** The hub tells of a decision; it counts only for a request that waits, and after checking. */
  decided(request: string, decision: Envelope): void {
    this.#waiting.get(request)?.(decision);
  }

  /** Calls `answered` before anybody hears of the answer. */
  async #askOwner(wish: Wish, answered: () => void): Promise<Asking> {
    const { signal } = new AbortController();
    const fresh = async (): Promise<Asking> => (await this.#joined(wish, signal)) ?? this.#askFresh(wish, signal);
    const asking = await fresh().catch((error: unknown) => {
      answered();
      throw error;
    });
    if (asking.outcome === 'pending') return { ...asking, settled: asking.settled.finally(answered) };
    answered();
    return asking;
  }

  /** What has come of a request that another page of this browser made; null when there is none. */
  async #joined(wish: Wish, signal: AbortSignal): Promise<Asking | null> {
    const { identity, hub } = this.#ports;
    const asked = this.#kept.find(subjectOf(wish), identity.fingerprint);
    if (asked === null) return null;
    const answer = await hub.decision(asked.hash);
    const joined = answer.outcome === 'ok' ? await this.#opened(answer.value, asked, wish.node, signal) : null;
    if (joined?.outcome !== 'pending') this.#kept.remove(asked.hash);
    return joined?.outcome === 'failed' ? null : joined;
  }

  /** A challenge that the node does not know any more is replaced once. */
  async #askFresh(wish: Wish, signal: AbortSignal): Promise<Asking> {
    const first = await this.#ask(wish, signal);
    if (first.outcome !== 'deny' || first.reason !== 'challenge-unknown') return first;
    this.#ports.challenges.forget(wish.node.id);
    return this.#ask(wish, signal);
  }

  async #ask(wish: Wish, signal: AbortSignal): Promise<Asking> {
    const { identity, hub, challenges, nowUs, newId } = this.#ports;
    const challenge = await challenges.take(wish.node.id);
    if (challenge.outcome !== 'ok') return notSettled(challenge);
    const { node, range } = wish;
    const { ask, asked } = await signAsk(
      identity,
      {
        node: node.id,
        agreement: node.agreementHash,
        camera: wish.camera,
        stream: wish.stream,
        view: wish.view,
        rendition: wish.rendition,
        purpose: wish.purpose,
        incident: wish.incident,
        from_us: range?.fromUs ?? null,
        until_us: range?.untilUs ?? null,
        comment: wish.comment ?? '',
        track: wish.track,
        track_kind: wish.trackKind,
        seen_in: wish.seenIn,
        challenge: challenge.value,
      },
      wish.statement,
      { id: newId(), nowUs: nowUs() },
    );
    const answer = await hub.access(node.id, ask);
    return answer.outcome === 'ok' ? this.#opened(answer.value, asked, node, signal) : notSettled(answer);
  }

  async #opened(decision: Envelope, asked: Asked, node: TrustedNode, signal: AbortSignal): Promise<Asking> {
    const answer = await this.#read(decision, asked, node);
    if (answer.outcome !== 'pending') return answer;
    const { answerByUs } = answer;
    this.#kept.add(asked, (answerByUs ?? this.#ports.nowUs()) + AFTER_US);
    return { outcome: 'pending', answerByUs, settled: this.#settled(asked, node, answerByUs, signal) };
  }

  async #read(decision: Envelope, asked: Asked, node: TrustedNode): Promise<Settled | Pending> {
    try {
      const { identity, nowUs } = this.#ports;
      const answer = await openDecision(decision, asked, node, identity.open, nowUs());
      return answer.outcome === 'permit' ? { ...answer, node } : answer;
    } catch (error) {
      return { outcome: 'failed', code: asRefused(error, 'malformed', 'the decision could not be read').code };
    }
  }

  async #settled(asked: Asked, node: TrustedNode, answerByUs: number | null, signal: AbortSignal): Promise<Settled> {
    const { hub, nowUs, pause } = this.#ports;
    const untilUs = (answerByUs ?? nowUs()) + AFTER_US;
    try {
      while (!signal.aborted && nowUs() <= untilUs) {
        const told = new Promise<Envelope>((resolve) => this.#waiting.set(asked.hash, resolve));
        const envelope = await Promise.race([told, pause(LOOK_EVERY_MS, signal).then(() => null)]);
        if (signal.aborted) break;
        const answer = envelope ? ({ outcome: 'ok', value: envelope } as const) : await hub.decision(asked.hash);
        if (answer.outcome !== 'ok') continue;
        const read = await this.#read(answer.value, asked, node);
        if (read.outcome !== 'pending') return read;
      }
      return { outcome: 'deny', reason: 'approval-not-given', explanation: '' };
    } finally {
      this.#waiting.delete(asked.hash);
      this.#kept.remove(asked.hash);
    }
  }
}

function subjectOf({ node, camera, view, rendition, incident, range, track }: Wish): Subject {
  const times = { fromUs: range?.fromUs ?? null, untilUs: range?.untilUs ?? null };
  return { node: node.id, camera, view, rendition, incident, ...times, track };
}

function notSettled(answer: Exclude<Call<unknown>, { outcome: 'ok' }>): Settled {
  if (answer.outcome === 'denied') {
    return { outcome: 'deny', reason: answer.denial.reason, explanation: answer.denial.sentence };
  }
  const { kind } = answer.problem;
  return { outcome: 'failed', code: kind === 'offline' || kind === 'unavailable' ? 'unreachable' : kind };
}

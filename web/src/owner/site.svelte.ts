import type { Answer } from '$lib/api';
import { IDLE, loaded, type Loadable, LOADING, ready } from '$lib/loadable';
import { type Asked, verifyQuestion } from '$lib/node/asked';
import type { Closed, LogProof, NodeClient, Question, SiteNow } from '$lib/node/client';
import { type SwitchWish, signApproval, signClosing, signSwitch } from '$lib/node/hand';
import { type Looked, together, verifyAccesses, verifyRefusals, verifyStills } from '$lib/node/looked';
import { type OwnAgreement, ownAgreements, type OwnSide } from '$lib/node/own-agreements';
import type { LogState, OwnLog } from '$lib/node/own-log';
import type { Problem } from '$lib/problem';
import type { Identity } from '$lib/secure/device';
import { asRefused } from '$lib/secure/refused';
import type { SocketState } from '$lib/socket';
import type { LonLat } from '$lib/types';

/** A request in the inbox: verified, or the reason why it is not believed. */
export interface Waiting {
  readonly question: Question;
  readonly asked: Asked | null;
  readonly distrust: string;
}

/** Whether a statement stands in the log, as this device has checked. */
export type Proved =
  | { readonly state: 'signed'; readonly index: number }
  | { readonly state: 'unproved'; readonly reason: string };

/** What became of a closing. */
export type Shut = (Proved | { readonly state: 'unsigned' }) & { readonly ended: number };

/** Everything a paired device can do with its site. */
export interface Ports {
  readonly client: NodeClient;
  readonly identity: Identity;
  readonly own: OwnSide;
  readonly place: LonLat;
  readonly log: OwnLog;
  /** Wall clock, microseconds. */
  readonly nowUs: () => number;
}

const PAGE = 50;
const KINDS = ['site', 'inbox', 'accesses'] as const;
export type Kind = (typeof KINDS)[number];

/** What the owner's page knows of its site; idle until this device is paired. */
export class Site {
  now = $state.raw<Loadable<SiteNow>>(IDLE);
  agreements = $state.raw<Loadable<ReadonlyMap<string, OwnAgreement>>>(IDLE);
  requests = $state.raw<Loadable<readonly Waiting[]>>(IDLE);
  looked = $state.raw<Loadable<readonly Looked[]>>(IDLE);
  log = $state.raw<LogState>({ state: 'unknown' });
  /** Whether older lines can be asked for. */
  more = $state(false);
  link = $state.raw<SocketState>({ state: 'closed' });
  /** The node did not answer the newest call; the socket may not have noticed yet. */
  silent = $state(false);
  /** When the node last answered, milliseconds since 1970; 0 for never. */
  heard = $state(0);

  readonly #ports: Ports | null;
  #clockOffUs = 0;
  #lines = PAGE;
  #reading: Promise<void> = Promise.resolve();

  constructor(ports: Ports | null = null) {
    this.#ports = ports;
    if (ports) this.now = this.agreements = this.requests = this.looked = LOADING;
  }

  /** A device that is not paired can look at the page and do nothing. */
  get paired(): boolean {
    return this.#ports !== null;
  }

  /** Fingerprint of this device; null until it is paired. */
  get device(): string | null {
    return this.#ports?.identity.fingerprint ?? null;
  }

  /** The owner's agreements that hold; empty while they are not known. */
  get held(): ReadonlyMap<string, OwnAgreement> {
    return this.agreements.state === 'ready' ? this.agreements.value : new Map();
  }

  /** This device's time, put right by the node's; what is signed carries it. */
  nowUs(): number {
    return (this.#ports?.nowUs() ?? Date.now() * 1000) + this.#clockOffUs;
  }

  /** The node rang: reads anew what has changed. */
  rang(kind: string): void {
    const known = KINDS.find((each) => each === kind);
    if (known) void this.read(known);
    // Whoever begins or stops to look is on the first page, too.
    if (known === 'accesses') void this.read('site');
  }

  async readAll(): Promise<void> {
    await this.read('site');
    await Promise.all([this.read('inbox'), this.read('accesses')]);
  }

  async read(kind: Kind): Promise<void> {
    const ports = this.#ports;
    if (ports === null) return;
    if (kind === 'site') return this.#readSite(ports);
    if (kind === 'inbox') return this.#readInbox(ports);
    // One after another: two checks of the log at once would race for the kept checkpoint.
    this.#reading = this.#reading.then(() => this.#readLooked(ports));
    return this.#reading;
  }

  /** Reads older lines of who looked, too. */
  async readMore(): Promise<void> {
    this.#lines += PAGE;
    await this.read('accesses');
  }

  /** Closes one grant, or everything; what the node wrote is checked in the log. */
  async close(grant: string | null): Promise<Answer<Shut>> {
    return this.challenged((ports, challenge, moment) =>
      signClosing(ports.identity, moment, { grant, challenge }).then(async (statement) => {
        const answer = await ports.client.close(statement);
        if (answer.outcome !== 'ok') return answer;
        return { outcome: 'ok', value: await this.#checkShut(ports, answer.value, statement.payload) };
      }),
    );
  }

  /** Raises or clears a signal by hand. */
  async switch(wish: SwitchWish): Promise<Answer<null>> {
    const answer = await this.challenged(async (ports, challenge, moment) => {
      const statement = await signSwitch(ports.identity, moment, { ...wish, challenge });
      return ports.client.switch(statement);
    });
    void this.read('site');
    return answer.outcome === 'ok' ? { outcome: 'ok', value: null } : answer;
  }

  /** Answers exactly these verified requests, each by its own signature. */
  async answer(asked: readonly Asked[], yes: boolean, minutes: number): Promise<Answer<null>> {
    const ports = this.#ports;
    if (ports === null) return unpaired;
    for (const { request } of asked) {
      const nowUs = this.nowUs();
      const untilUs = yes ? nowUs + minutes * 60_000_000 : nowUs;
      const statement = await signApproval(
        ports.identity,
        { node: ports.own.node, nowUs },
        { request, answer: yes ? 'approve' : 'refuse', untilUs },
      );
      const answer = await ports.client.approve(statement);
      if (answer.outcome !== 'ok') return answer;
    }
    await this.read('inbox');
    return { outcome: 'ok', value: null };
  }

  /** Asks the node for something this page shows. */
  async asking<T>(ask: (ports: Ports) => Promise<Answer<T>>): Promise<Answer<T>> {
    return this.#ports === null ? unpaired : ask(this.#ports);
  }

  /** Fetches a challenge for what this device is about to sign. */
  async challenged<T>(
    act: (ports: Ports, challenge: string, moment: { node: string; nowUs: number }) => Promise<Answer<T>>,
  ): Promise<Answer<T>> {
    const ports = this.#ports;
    if (ports === null) return unpaired;
    const challenge = await ports.client.challenge();
    this.silent = isSilence(challenge);
    if (challenge.outcome !== 'ok') return challenge;
    return act(ports, challenge.value, { node: ports.own.node, nowUs: this.nowUs() });
  }

  async #checkShut(ports: Ports, { ended, log }: Closed, payload: string): Promise<Shut> {
    void this.read('site');
    if (log === null) return { state: 'unsigned', ended };
    return { ...await this.proved(ports, log, { kind: 'closing', payload }), ended };
  }

  /** Checks on this device that what it signed stands in the owner's log. */
  async proved(ports: Ports, proof: LogProof, ours: { readonly kind: string; readonly payload: string }): Promise<Proved> {
    this.log = await ports.log.follow();
    const [result] = await ports.log.prove([proof]);
    if (result === undefined || !result.holds) return { state: 'unproved', reason: result?.reason ?? '' };
    const { kind, statement } = result.proven.entry as { kind?: string; statement?: { payload?: string } };
    if (kind !== ours.kind || statement?.payload !== ours.payload) {
      return { state: 'unproved', reason: 'the entry is about something else' };
    }
    return { state: 'signed', index: result.proven.index };
  }

  async #readSite(ports: Ports): Promise<void> {
    const [now, documents] = await Promise.all([ports.client.site(), ports.client.agreements()]);
    this.silent = isSilence(now);
    if (now.outcome === 'ok') {
      this.heard = Date.now();
      this.#clockOffUs = now.value.now_us - ports.nowUs();
    }
    this.now = kept(this.now, loaded(now));
    if (documents.outcome !== 'ok') return void (this.agreements = kept(this.agreements, loaded(documents)));
    const { held } = await ownAgreements(documents.value, ports.own);
    this.agreements = ready(held);
  }

  async #readInbox(ports: Ports): Promise<void> {
    const answer = await ports.client.inbox();
    if (answer.outcome !== 'ok') return void (this.requests = kept(this.requests, loaded(answer)));
    if (answer.value.length > 0 && this.agreements.state !== 'ready') await this.#readSite(ports);
    this.requests = ready(await Promise.all(answer.value.map((question) => this.#waiting(ports, question))));
  }

  async #waiting(ports: Ports, question: Question): Promise<Waiting> {
    const { own, place } = ports;
    try {
      const at = { node: own.node, place, agreements: this.held, nowUs: this.nowUs() };
      return { question, asked: await verifyQuestion(question, at), distrust: '' };
    } catch (error) {
      const { message } = asRefused(error, 'malformed', 'it could not be read');
      return { question, asked: null, distrust: message };
    }
  }

  async #readLooked(ports: Ports): Promise<void> {
    const limit = this.#lines;
    const [accesses, refusals, stills] = await Promise.all([
      ports.client.accesses({ limit }),
      ports.client.refusals({ limit }),
      ports.client.stills({ limit }),
    ]);
    if (accesses.outcome !== 'ok') return void (this.looked = kept(this.looked, loaded(accesses)));
    if (refusals.outcome !== 'ok') return void (this.looked = kept(this.looked, loaded(refusals)));
    if (stills.outcome !== 'ok') return void (this.looked = kept(this.looked, loaded(stills)));
    this.log = await ports.log.follow();
    const cameras = this.now.state === 'ready' ? this.now.value.cameras : [];
    const named = (camera: string): string => cameras.find(({ id }) => id === camera)?.name ?? camera;
    const looked = await Promise.all([
      verifyAccesses(accesses.value, ports.log),
      verifyRefusals(refusals.value.refusals, ports.log),
      verifyStills(stills.value.stills, ports.log, named),
    ]);
    this.looked = ready(together(...looked));
    const full = [accesses.value, refusals.value.refusals, stills.value.stills].some(({ length }) => length === limit);
    this.more = full && limit < 200;
  }
}

const problem: Problem = { kind: 'denied', status: 0, title: 'Not paired', detail: '' };
const unpaired = { outcome: 'failed', problem } as const;

function isSilence(answer: Answer<unknown>): boolean {
  return answer.outcome === 'failed' && answer.problem.kind === 'offline';
}

/** What was known stays on the screen when the node does not answer; the page says that it is old. */
function kept<T>(before: Loadable<T>, after: Loadable<T>): Loadable<T> {
  return after.state === 'failed' && before.state === 'ready' ? before : after;
}

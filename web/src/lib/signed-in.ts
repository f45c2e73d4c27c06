/** Calls to one server in the name of this device; the session is a secret of this page. */

import { Api, type Answer, type Call } from './api';
import type { Identity } from './secure/device';
import { logIn, type Session } from './secure/login';
import { asRefused } from './secure/refused';

/** Whoever can be asked: with or without a session. */
export interface Caller {
  call<T>(path: string, call: Call<T>): Promise<Answer<T>>;
}

export interface SignedInOptions {
  /** Origin with the prefix of the interface, for example `https://hub.example/api/v1`. */
  readonly base: string;
  /** Whom a login is for, for example `hub:<id>`; from our own settings, never from the server. */
  readonly audience: string;
  readonly identity: Identity;
  /** Wall clock, microseconds. */
  readonly nowUs: () => number;
  readonly fetch?: typeof globalThis.fetch;
}

type Failure = Exclude<Answer<never>, { readonly outcome: 'ok' }>;

class NotAnswered extends Error {
  constructor(readonly answer: Failure) {
    super('the server did not agree');
  }
}

/** Milliseconds before its end from which a session counts as over. */
const MARGIN_MS = 30_000;

export class SignedIn implements Caller {
  readonly #options: SignedInOptions;
  readonly #api: Api;
  #session: Session | null = null;
  #login: Promise<Answer<Session>> | null = null;

  constructor(options: SignedInOptions) {
    this.#options = options;
    this.#api = new Api({
      origin: options.base,
      headers: () => (this.#session ? { authorization: `Bearer ${this.#session.token}` } : {}),
      ...(options.fetch ? { fetch: options.fetch } : {}),
    });
  }

  /** The token of the present session; empty before the first login. */
  get token(): string {
    return this.#session?.token ?? '';
  }

  /** The present session, after logging in when there is none; several callers share one login. */
  async session(): Promise<Answer<Session>> {
    if (this.#session && !this.#isOver(this.#session)) {
      return { outcome: 'ok', value: this.#session };
    }
    this.#login ??= this.#logIn().finally(() => (this.#login = null));
    return this.#login;
  }

  /** The server does not know the token any more; the next call logs in anew. */
  forget(): void {
    this.#session = null;
  }

  /** Calls, logging in first; a session that the server has forgotten is opened anew, once. */
  async call<T>(path: string, call: Call<T>): Promise<Answer<T>> {
    const before = await this.session();
    if (before.outcome !== 'ok') return before;
    const answer = await this.#api.call(path, call);
    if (!isForgotten(answer)) return answer;
    if (this.#session === before.value) this.#session = null;
    const again = await this.session();
    return again.outcome === 'ok' ? this.#api.call(path, call) : again;
  }

  #isOver({ expiresUs }: Session): boolean {
    return this.#options.nowUs() / 1000 >= expiresUs / 1000 - MARGIN_MS;
  }

  async #logIn(): Promise<Answer<Session>> {
    const { identity, audience, nowUs } = this.#options;
    this.#session = null;
    const post = async (path: string, body: unknown): Promise<unknown> => {
      const answer = await this.#api.post(path, body, (found) => found);
      if (answer.outcome !== 'ok') throw new NotAnswered(answer);
      return answer.value;
    };
    try {
      this.#session = await logIn(post, identity, audience, nowUs());
      return { outcome: 'ok', value: this.#session };
    } catch (error) {
      if (error instanceof NotAnswered) return error.answer;
      const { message } = asRefused(error, 'malformed', 'the login could not be made');
      return {
        outcome: 'failed',
        problem: { kind: 'unreadable', status: 200, title: 'Login refused by this page', detail: message },
      };
    }
  }
}

/** A refusal that names no reason is about the session, not about what was asked. */
function isForgotten(answer: Answer<unknown>): boolean {
  return answer.outcome === 'failed' && (answer.problem.status === 401 || answer.problem.status === 403);
}

import { isRecord, problemFrom, unreachable, type Problem } from './problem';
import type { Denial } from './types';

/**
 * Every answer of a server, closed: it worked, it was refused for a named reason, or it failed.
 * Nothing here throws; a caller that forgets a case does not compile.
 */
export type Answer<T> =
  | { readonly outcome: 'ok'; readonly value: T }
  | { readonly outcome: 'denied'; readonly denial: Denial }
  | { readonly outcome: 'failed'; readonly problem: Problem };

/** Turns parsed JSON into a value, or throws when it has another shape. */
export type Reader<T> = (body: unknown) => T;

export interface Call<T> {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly body?: unknown;
  readonly read: Reader<T>;
  readonly signal?: AbortSignal;
  /** Milliseconds until the call counts as failed; 10,000 unless said. */
  readonly timeout?: number;
}

export interface ApiOptions {
  /** Origin without a trailing slash; empty for the page's own origin. */
  readonly origin: string;
  readonly fetch?: typeof globalThis.fetch;
  /** Headers of the moment, such as the token of a session. */
  readonly headers?: () => Readonly<Record<string, string>>;
}

const TIMEOUT_MS = 10_000;

/** A refusal by an agreement carries `reason` in its problem details; a bare 403 does not. */
function denialIn(status: number, body: unknown): Denial | null {
  if (status !== 403 || !isRecord(body)) return null;
  const { reason, detail } = body as { reason?: unknown; detail?: unknown };
  if (typeof reason !== 'string' || reason === '') return null;
  return { reason, sentence: typeof detail === 'string' ? detail : '' };
}

async function bodyOf(response: Response): Promise<unknown> {
  if (response.status === 204) return null;
  const raw = await response.text();
  if (raw === '') return null;
  return JSON.parse(raw) as unknown;
}

/** A small JSON client for one origin; cookies never leave the page's own origin. */
export class Api {
  readonly #origin: string;
  readonly #fetch: typeof globalThis.fetch;
  readonly #headers: () => Readonly<Record<string, string>>;

  constructor(options: ApiOptions) {
    this.#origin = options.origin;
    this.#fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
    this.#headers = options.headers ?? (() => ({}));
  }

  async call<T>(path: string, call: Call<T>): Promise<Answer<T>> {
    let response: Response;
    try {
      response = await this.#send(path, call);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { outcome: 'failed', problem: unreachable(reason) };
    }
    return this.#decode(response, call.read);
  }

  get<T>(path: string, read: Reader<T>, signal?: AbortSignal): Promise<Answer<T>> {
    return this.call(path, signal ? { read, signal } : { read });
  }

  post<T>(path: string, body: unknown, read: Reader<T>): Promise<Answer<T>> {
    return this.call(path, { method: 'POST', body, read });
  }

  #send(path: string, call: Call<unknown>): Promise<Response> {
    const limit = AbortSignal.timeout(call.timeout ?? TIMEOUT_MS);
    const signal = call.signal ? AbortSignal.any([call.signal, limit]) : limit;
    const headers: Record<string, string> = { accept: 'application/json', ...this.#headers() };
    const init: RequestInit = {
      method: call.method ?? 'GET',
      headers,
      signal,
      cache: 'no-store',
      credentials: 'same-origin',
    };
    if (call.body !== undefined) {
      headers['content-type'] = 'application/json';
      init.body = JSON.stringify(call.body);
    }
    return this.#fetch(this.#origin + path, init);
  }

  async #decode<T>(response: Response, read: Reader<T>): Promise<Answer<T>> {
    let body: unknown;
    try {
      body = await bodyOf(response);
      if (response.ok) return { outcome: 'ok', value: read(body) };
    } catch (error) {
      if (response.ok) {
        const detail = error instanceof Error ? error.message : String(error);
        const problem: Problem = {
          kind: 'unreadable',
          status: response.status,
          title: 'Unreadable answer',
          detail,
        };
        return { outcome: 'failed', problem };
      }
    }
    const denial = denialIn(response.status, body);
    if (denial) return { outcome: 'denied', denial };
    return { outcome: 'failed', problem: problemFrom(response.status, body) };
  }
}

/** What the review's server tells and takes; it runs on this machine for this one page. */
import { Api, type Answer } from '$lib/api';
import { isRecord } from '$lib/problem';
import type { Edits, Place } from './edits';

export type Kind = 'person' | 'face' | 'vehicle';

export interface Track {
  readonly track: number;
  readonly kind: Kind;
  readonly since_us: number;
  readonly first: number;
  readonly last: number;
  readonly confidence: number;
  readonly unsure: boolean;
  readonly unseen: readonly (readonly [number, number])[];
}

export interface Doubt {
  readonly first: number;
  readonly last: number;
  readonly state: 'more' | 'whole';
  readonly reason: string;
}

export interface Film {
  readonly name: string;
  readonly target: string;
  readonly saved: string;
  readonly times: readonly number[];
  readonly rate: number;
  readonly shape: number;
  readonly chunk: number;
  readonly motion: boolean;
  readonly mosaic: boolean;
  readonly zones: boolean;
  readonly tracks: readonly Track[];
  readonly doubts: readonly Doubt[];
  readonly revision: number;
  readonly edits: Edits;
  readonly approval: { readonly by: string; readonly at: string } | null;
}

/** Number of the track, then its place in ten thousandths, then whether it was seen there. */
export type Seen = readonly [number, number, number, number, number, boolean];

export interface ExportState {
  readonly state: 'idle' | 'running' | 'done' | 'failed';
  readonly pictures: number;
  readonly left_s: number | null;
  readonly problem: string | null;
  readonly target: string | null;
  readonly sha256: string | null;
  readonly source_sha256: string | null;
  readonly report: string | null;
  readonly share: number | null;
}

export const IDLE_EXPORT: ExportState = {
  state: 'idle',
  pictures: 0,
  left_s: null,
  problem: null,
  target: null,
  sha256: null,
  source_sha256: null,
  report: null,
  share: null,
};

/** The server is this program's own and of the same version, so its shapes are taken on trust. */
function record<T>(body: unknown): T {
  if (!isRecord(body)) throw new TypeError('the answer is no object');
  return body as T;
}

function list<T>(body: unknown): readonly T[] {
  if (!Array.isArray(body)) throw new TypeError('the answer is no list');
  return body as T[];
}

const BASE = '/api/v1/review';

export class ReviewClient {
  readonly #api: Api;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #fetch: typeof globalThis.fetch;

  /** @param token What the link brought along behind its `#`. */
  constructor(token: string, fetch: typeof globalThis.fetch = globalThis.fetch.bind(globalThis)) {
    this.#headers = { authorization: `Bearer ${token}` };
    this.#fetch = fetch;
    this.#api = new Api({ origin: BASE, fetch, headers: () => this.#headers });
  }

  film(): Promise<Answer<Film>> {
    return this.#api.get('/film', record<Film>);
  }

  /** The tracks of each picture of a chunk. */
  boxes(chunk: number): Promise<Answer<readonly (readonly Seen[])[]>> {
    return this.#api.get(`/boxes/${chunk}`, list<readonly Seen[]>);
  }

  /** What an export covers in each picture of a chunk, in ten thousandths. */
  covered(chunk: number, revision: number): Promise<Answer<readonly (readonly Place[])[]>> {
    return this.#api.get(`/covered/${chunk}?revision=${revision}`, list<readonly Place[]>);
  }

  change(revision: number, edits: Edits): Promise<Answer<{ revision: number }>> {
    const read = record<{ revision: number }>;
    return this.#api.call('/edits', { method: 'PUT', body: { revision, edits }, read });
  }

  approve(revision: number, name: string): Promise<Answer<ExportState>> {
    return this.#api.post('/approval', { revision, name }, record<ExportState>);
  }

  progress(): Promise<Answer<ExportState>> {
    return this.#api.get('/export', record<ExportState>);
  }

  end(): Promise<Answer<null>> {
    return this.#api.post('/end', null, () => null);
  }

  /** One picture of the film; null when it cannot be had. */
  still(number: number): Promise<Blob | null> {
    return this.#blob(`/stills/${number}`);
  }

  /** The best view of a track. */
  thumbnail(track: number): Promise<Blob | null> {
    return this.#blob(`/tracks/${track}`);
  }

  async #blob(path: string): Promise<Blob | null> {
    try {
      const answer = await this.#fetch(BASE + path, { headers: this.#headers });
      return answer.ok ? await answer.blob() : null;
    } catch {
      return null;
    }
  }
}

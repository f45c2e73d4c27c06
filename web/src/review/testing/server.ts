/** A review's server in memory, by the same routes as the real one. */
import type { Film } from '../client';
import type { Edits } from '../edits';

export const FILM: Film = {
  name: 'yard.mp4',
  target: 'out.mp4',
  saved: 'out.mp4.review.json',
  times: Array.from({ length: 100 }, (_, number) => number * 40_000),
  rate: 25,
  shape: 16 / 9,
  chunk: 50,
  motion: true,
  mosaic: false,
  zones: true,
  tracks: [
    { track: 1, kind: 'person', since_us: 0, first: 0, last: 60, confidence: 0.9, unsure: false, unseen: [[20, 24]] },
    { track: 2, kind: 'face', since_us: 400_000, first: 10, last: 12, confidence: 0.41, unsure: true, unseen: [] },
  ],
  doubts: [{ first: 70, last: 80, state: 'whole', reason: 'camera-moved' }],
  revision: 0,
  edits: { boxes: [], clear: [] },
  approval: null,
};

export class ServerInMemory {
  revision = 0;
  kept: Edits = FILM.edits;
  approvedBy = '';
  ended = false;
  /** Answers changes with a refusal. */
  full = false;

  readonly fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const path = String(input).replace('/api/v1/review', '');
    const body = typeof init?.body === 'string' ? (JSON.parse(init.body) as Record<string, unknown>) : {};
    return this.#answer(path, body);
  };

  #answer(path: string, body: Record<string, unknown>): Response {
    const rows = (row: unknown): Response => Response.json(Array.from({ length: 50 }, () => row));
    if (path === '/film') return Response.json(FILM);
    if (path.startsWith('/boxes/')) return rows([[1, 1000, 1000, 3000, 6000, true]]);
    if (path.startsWith('/covered/')) return rows([[900, 900, 3100, 6100]]);
    if (path.startsWith('/stills/')) return new Response(new Blob(['jpeg']));
    if (path === '/edits') return this.#change(body as { revision: number; edits: Edits });
    if (path === '/approval') this.approvedBy = String(body['name']);
    if (path === '/approval' || path === '/export') return Response.json(this.#exported());
    if (path === '/end') this.ended = true;
    return new Response(null, { status: path === '/end' ? 202 : 404 });
  }

  #change({ revision, edits }: { revision: number; edits: Edits }): Response {
    if (this.full) return Response.json({ detail: 'the disk is full' }, { status: 503 });
    if (revision !== this.revision) return Response.json({ detail: 'changed elsewhere' }, { status: 409 });
    this.kept = edits;
    this.revision += 1;
    return Response.json({ revision: this.revision });
  }

  #exported(): object {
    const done = { state: 'done', pictures: 100, left_s: 0, problem: null, share: 0.2 };
    return { ...done, target: '/out.mp4', sha256: 'ab', source_sha256: 'cd', report: '/out.mp4.report.json' };
  }
}

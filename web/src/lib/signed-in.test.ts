import { describe, expect, it } from 'vitest';
import { b64 } from './secure/bytes';
import { createIdentity, type Identity } from './secure/device';
import { memoryStore, NOON } from './secure/testing/site';
import { SignedIn } from './signed-in';

interface Told {
  readonly path: string;
  readonly token: string | null;
}

/** A server that lets one device in, forgets tokens when told, and may refuse. */
class Server {
  readonly told: Told[] = [];
  readonly tokens = new Set<string>();
  refusal: { status: number; body: unknown } | null = null;
  audience = 'hub:h1';

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const path = new URL(request.url).pathname;
    const token = request.headers.get('authorization')?.replace('Bearer ', '') ?? null;
    this.told.push({ path, token });
    if (path.endsWith('/login/challenge')) return this.#challenge();
    if (path.endsWith('/login')) return this.#login();
    if (token === null || !this.tokens.has(token)) return Response.json({ title: 'who?' }, { status: 401 });
    return Response.json({ name: 'Gate' });
  };

  count(path: string): number {
    return this.told.filter((told) => told.path.endsWith(path)).length;
  }

  #challenge(): Response {
    return Response.json({ challenge: b64(new Uint8Array(32)), audience: this.audience, expires_us: NOON + 60_000_000 });
  }

  #login(): Response {
    if (this.refusal) return Response.json(this.refusal.body, { status: this.refusal.status });
    const token = `t${this.told.length}`;
    this.tokens.add(token);
    return Response.json({ token, expires_us: NOON + 3_600_000_000, person: 'p', name: 'Aino', role: 'officer' });
  }
}

const read = (body: unknown): string => (body as { name: string }).name;

async function door(server: Server, nowUs = () => NOON): Promise<SignedIn> {
  const identity: Identity = await createIdentity(memoryStore(), 'desk', NOON);
  return new SignedIn({ base: 'https://hub.example/api/v1', audience: 'hub:h1', identity, nowUs, fetch: server.fetch });
}

describe('calls in the name of a device', () => {
  it('log in once, however many come at the same time', async () => {
    const server = new Server();
    const signedIn = await door(server);
    const answers = await Promise.all([1, 2, 3].map(() => signedIn.call('/x', { read })));
    expect(answers.map((answer) => answer.outcome)).toEqual(['ok', 'ok', 'ok']);
    expect(server.count('/login')).toBe(1);
  });

  it('log in anew when the server has forgotten the session, and only once', async () => {
    const server = new Server();
    const signedIn = await door(server);
    await signedIn.call('/x', { read });
    server.tokens.clear();
    expect(await signedIn.call('/x', { read })).toEqual({ outcome: 'ok', value: 'Gate' });
    expect(server.count('/login')).toBe(2);
  });

  it('log in anew when the session is over by the clock', async () => {
    const server = new Server();
    let now = NOON;
    const signedIn = await door(server, () => now);
    await signedIn.session();
    now = NOON + 3_600_000_000;
    await signedIn.session();
    expect(server.count('/login')).toBe(2);
  });

  it('hand on the reason for which a device is refused', async () => {
    const server = new Server();
    server.refusal = { status: 403, body: { detail: 'Revoked.', reason: 'certificate-revoked' } };
    expect(await (await door(server)).call('/x', { read })).toEqual({
      outcome: 'denied',
      denial: { reason: 'certificate-revoked', sentence: 'Revoked.' },
    });
  });

  it('never sign the challenge of another server', async () => {
    const server = new Server();
    server.audience = 'hub:other';
    expect(await (await door(server)).call('/x', { read })).toMatchObject({ outcome: 'failed' });
    expect(server.count('/login')).toBe(0);
  });
});

import { describe, expect, it } from 'vitest';
import { Api, type Answer } from './api';

function server(status: number, body: string, seen: Request[] = []): Api {
  return new Api({
    origin: 'https://hub.example',
    headers: () => ({ authorization: 'Handfast token' }),
    fetch: (input, init) => {
      seen.push(new Request(input, init));
      return Promise.resolve(new Response(status === 204 ? null : body, { status }));
    },
  });
}

function name(body: unknown): string {
  if (typeof body === 'object' && body !== null && 'name' in body) return String(body.name);
  throw new TypeError('no name');
}

async function ask(status: number, body: unknown): Promise<Answer<string>> {
  return server(status, typeof body === 'string' ? body : JSON.stringify(body)).get('/x', name);
}

describe('an answer', () => {
  it('is the value that the reader made of it', async () => {
    expect(await ask(200, { name: 'Gate' })).toEqual({ outcome: 'ok', value: 'Gate' });
  });

  it('is a denial with its reason when an agreement refused', async () => {
    const body = { title: 'Denied', detail: 'No alarm is up.', reason: 'no-active-alarm' };
    expect(await ask(403, body)).toEqual({
      outcome: 'denied',
      denial: { reason: 'no-active-alarm', sentence: 'No alarm is up.' },
    });
  });

  it('is a failure when a 403 names no reason: the session ended, no agreement spoke', async () => {
    expect(await ask(403, { title: 'Sign in again' })).toMatchObject({
      outcome: 'failed',
      problem: { kind: 'denied', status: 403, title: 'Sign in again' },
    });
  });

  it.each([
    [400, 'invalid'],
    [404, 'not-found'],
    [409, 'conflict'],
    [503, 'unavailable'],
    [500, 'corrupt'],
    [418, 'invalid'],
    [599, 'unavailable'],
  ])('with status %i is of kind %s', async (status, kind) => {
    expect(await ask(status, { title: 't' })).toMatchObject({ problem: { kind, status } });
  });

  it('that is not JSON, or has another shape, is unreadable and not a crash', async () => {
    expect(await ask(200, '<html>')).toMatchObject({ problem: { kind: 'unreadable' } });
    expect(await ask(200, { other: 1 })).toMatchObject({ problem: { detail: 'no name' } });
    expect(await ask(502, '<html>')).toMatchObject({ problem: { kind: 'unavailable' } });
  });

  it('that never comes is said to be missing', async () => {
    const api = new Api({ origin: '', fetch: () => Promise.reject(new TypeError('refused')) });
    expect(await api.get('/x', name)).toMatchObject({
      problem: { kind: 'offline', status: 0, detail: 'refused' },
    });
  });
});

describe('a call', () => {
  it('carries JSON, the headers of the moment, and no foreign cookies', async () => {
    const seen: Request[] = [];
    await server(204, '', seen).post('/requests', { camera: 'c1' }, () => null);
    const [request] = seen;
    expect(request!.url).toBe('https://hub.example/requests');
    expect(request!.method).toBe('POST');
    expect(request!.headers.get('authorization')).toBe('Handfast token');
    expect(request!.headers.get('content-type')).toBe('application/json');
    expect(request!.credentials).toBe('same-origin');
    expect(await request!.json()).toEqual({ camera: 'c1' });
  });
});

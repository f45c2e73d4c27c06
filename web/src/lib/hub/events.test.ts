import { afterEach, describe, expect, it, vi } from 'vitest';
import { TestSite } from '../secure/testing/site';
import { listen, readEvent, type HubEvent } from './events';
import { incidentOf, siteOf } from './testing/city';

describe('an event of the hub', () => {
  it('is read by its type', async () => {
    const site = await siteOf(await TestSite.create());
    expect(readEvent(JSON.stringify({ type: 'site', site: { ...site, seen_us: 1 } }))).toMatchObject({ type: 'site', site: { online: true } });
    expect(readEvent(JSON.stringify({ type: 'incident', incident: incidentOf() }))).toMatchObject({ incident: { kind: 'intrusion' } });
    expect(readEvent(JSON.stringify({ type: 'ready', at_us: 5 }))).toEqual({ type: 'ready', atUs: 5 });
  });

  it('of a newer hub is passed over, and one without a form is refused', () => {
    expect(readEvent(JSON.stringify({ type: 'weather' }))).toBeNull();
    for (const wrong of ['{', '[]', '{}', '{"type":"signal"}', '{"type":"ready","at_us":-1}']) {
      expect(() => readEvent(wrong)).toThrow();
    }
  });
});

/** A socket whose other end is the test. */
class FakeSocket extends EventTarget {
  binaryType = 'blob';
  readyState = 1;
  readonly sent: string[] = [];

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.readyState = 3;
  }

  say(text: string): void {
    this.dispatchEvent(new MessageEvent('message', { data: text }));
  }

  end(code: number): void {
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event('close'), { code }));
  }
}

describe('listening', () => {
  afterEach(() => vi.useRealTimers());

  it('gives the token first, hands events on, and logs in anew when the hub does not know it', async () => {
    vi.useFakeTimers();
    const sockets: FakeSocket[] = [];
    const events: HubEvent[] = [];
    let [unread, strangers, tokens] = [0, 0, 0];
    const close = listen({
      origin: 'wss://hub.example',
      token: async () => `t${(tokens += 1)}`,
      onStranger: () => (strangers += 1),
      onEvent: (event) => void events.push(event),
      onUnread: () => (unread += 1),
      onState: () => undefined,
      open: (address) => {
        expect(address).toBe('wss://hub.example/api/v1/events');
        const socket = new FakeSocket();
        sockets.push(socket);
        return socket as unknown as WebSocket;
      },
    });
    await vi.advanceTimersByTimeAsync(0);
    sockets[0]!.dispatchEvent(new Event('open'));
    expect(sockets[0]!.sent).toEqual(['{"token":"t1"}']);
    sockets[0]!.say('{"type":"ready","at_us":1}');
    sockets[0]!.say('nonsense');
    expect(events).toEqual([{ type: 'ready', atUs: 1 }]);
    expect(unread).toBe(1);
    sockets[0]!.end(4401);
    expect(strangers).toBe(1);
    await vi.advanceTimersByTimeAsync(1000);
    sockets[1]!.dispatchEvent(new Event('open'));
    expect(sockets[1]!.sent).toEqual(['{"token":"t2"}']);
    close();
  });
});

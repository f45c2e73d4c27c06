import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backOff, Reconnecting, type SocketState } from './socket';

/** A socket that the test opens, feeds and breaks. */
class Line extends EventTarget {
  readonly sent: unknown[] = [];
  binaryType = 'blob';
  readyState: number = WebSocket.CONNECTING;

  send(data: unknown): void {
    this.sent.push(data);
  }

  close(): void {
    this.break();
  }

  open(): void {
    this.readyState = WebSocket.OPEN;
    this.dispatchEvent(new Event('open'));
  }

  break(): void {
    this.readyState = WebSocket.CLOSED;
    this.dispatchEvent(new Event('close'));
  }
}

describe('back-off', () => {
  it('doubles up to ten seconds and always waits at least half', () => {
    expect(backOff(1, () => 0)).toBe(250);
    expect(backOff(1, () => 1)).toBe(500);
    expect(backOff(3, () => 1)).toBe(2000);
    expect(backOff(40, () => 1)).toBe(10_000);
    expect(backOff(40, () => 0)).toBe(5000);
  });
});

describe('a connection', () => {
  const lines: Line[] = [];
  const states: SocketState[] = [];
  const heard: unknown[] = [];
  let socket: Reconnecting;

  beforeEach(() => {
    vi.useFakeTimers();
    lines.length = states.length = heard.length = 0;
    socket = new Reconnecting({
      address: () => 'wss://hub.example/live',
      onMessage: (data) => heard.push(data),
      onState: (state) => states.push(state),
      random: () => 0,
      open: () => {
        const line = new Line();
        lines.push(line);
        return line as unknown as WebSocket;
      },
    });
  });
  afterEach(() => {
    socket.close();
    vi.useRealTimers();
  });

  async function passes(ms: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms);
  }

  it('tells messages and sends only while it is open', async () => {
    await passes(0);
    expect(socket.send('early')).toBe(false);
    lines[0]!.open();
    expect(socket.send('now')).toBe(true);
    lines[0]!.dispatchEvent(new MessageEvent('message', { data: 'hello' }));
    expect(heard).toEqual(['hello']);
    expect(lines[0]!.sent).toEqual(['now']);
    expect(lines[0]!.binaryType).toBe('arraybuffer');
  });

  it('comes back by itself, and waits longer each time it fails', async () => {
    await passes(0);
    lines[0]!.break();
    expect(states.at(-1)).toEqual({ state: 'waiting', attempt: 1, retryInMs: 250 });
    await passes(250);
    expect(lines).toHaveLength(2);
    lines[1]!.break();
    expect(states.at(-1)).toEqual({ state: 'waiting', attempt: 2, retryInMs: 500 });
    await passes(500);
    lines[2]!.open();
    lines[2]!.break();
    expect(states.at(-1)).toEqual({ state: 'waiting', attempt: 1, retryInMs: 250 });
  });

  it('stays closed when it is closed', async () => {
    await passes(0);
    socket.close();
    await passes(60_000);
    expect(lines).toHaveLength(1);
    expect(states.at(-1)).toEqual({ state: 'closed' });
  });
});

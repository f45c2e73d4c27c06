/** A live view on real parts: a WebSocket of the hub, this browser's decoder, a canvas. */

import type { TrustedNode } from '../secure/chain';
import type { LiveRelease } from '../secure/release';
import type { Grant } from '../secure/statements';
import { LiveSession, type LiveState } from './live-session';
import { backOff } from '../socket';
import { chooseDecoder } from './choose-decoder';
import { onePerFrame } from './frame-pace';
import { screenOn } from './screen';

export interface LiveViewOptions {
  readonly node: TrustedNode;
  readonly grant: Grant;
  readonly keys: LiveRelease;
  readonly canvas: HTMLCanvasElement;
  /** Address of `WS /grants/{grant}/live` at the hub. */
  readonly address: string;
  /** The session's token; it goes as the first message, never into the address. */
  readonly token: string;
  readonly onState: (state: LiveState) => void;
  /** Wall clock, microseconds, put right by what servers said. */
  readonly wallUs: () => number;
}

export interface LiveView {
  /** Ends watching; `leave` the last picture only when another view draws on the same canvas. */
  stop(leave?: 'blank' | 'picture'): void;
}

const TICK_MS = 100;
/**
 * Close codes after which trying again would not help: over (1000), wrong (4400), signed out (4401),
 * not allowed (4403), unknown (4404), opened in another window (4409).
 */
const FINAL_CODES: readonly number[] = [1000, 4400, 4401, 4403, 4404, 4409];

/** Starts watching; goes on through lost connections until the grant ends or `stop`. */
export async function watchLive(options: LiveViewOptions): Promise<LiveView> {
  const screen = screenOn(options.canvas);
  const pace = onePerFrame((picture) => screen.draw(picture, null), (callback) => requestAnimationFrame(callback));
  let socket: WebSocket | null = null;
  let over = false;
  let timer: ReturnType<typeof setInterval> | undefined;
  /** Tries since the last message. */
  let attempt = 0;
  let leave: 'blank' | 'picture' = 'blank';

  const session = await LiveSession.start({
    ...options,
    decoder: chooseDecoder('latency'),
    draw: (picture) => pace.draw(picture),
    send: (message) => {
      if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
    },
    onState: (state) => {
      if (state.phase === 'ended' || state.phase === 'cannot-play') finish();
      options.onState(state);
    },
    nowMs: () => performance.now(),
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
  });

  function finish(): void {
    if (over) return;
    over = true;
    clearInterval(timer);
    pace.clear();
    // A closed access leaves no picture behind.
    if (leave === 'blank') screen.blank();
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: 'stop' }));
    socket?.close(1000);
  }

  function connect(): void {
    if (over) return;
    socket = new WebSocket(options.address);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      socket?.send(JSON.stringify({ token: options.token }));
      session.ask();
    };
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      attempt = 0;
      if (data instanceof ArrayBuffer) session.receive(new Uint8Array(data));
    };
    socket.onclose = ({ code, reason }) => {
      if (FINAL_CODES.includes(code)) session.cut(reason || 'hub-closed');
      else setTimeout(connect, backOff((attempt += 1), Math.random));
    };
  }

  if (!over) timer = setInterval(() => session.tick(), TICK_MS);
  connect();
  return {
    stop: (left = 'blank') => {
      leave = left;
      session.stop();
    },
  };
}

/** A WebSocket that comes back: jittered back-off, and never a silent gap. */

export type SocketState =
  | { readonly state: 'connecting'; readonly attempt: number }
  | { readonly state: 'open' }
  | { readonly state: 'waiting'; readonly attempt: number; readonly retryInMs: number }
  | { readonly state: 'closed' };

export interface SocketOptions {
  /** Called before each try, so that a fresh ticket can be put into the address. */
  readonly address: () => string | Promise<string>;
  readonly onMessage: (data: string | ArrayBuffer) => void;
  readonly onState?: (state: SocketState) => void;
  /** Called with the code with which a connection ended, before it is tried again. */
  readonly onClose?: (code: number) => void;
  /** Uniform in [0, 1); tests hand in a constant. */
  readonly random?: () => number;
  readonly open?: (address: string) => WebSocket;
}

const FIRST_MS = 250;
const LONGEST_MS = 10_000;

/** Milliseconds before try `attempt` (1 is the first retry): full jitter, at most 10 s. */
export function backOff(attempt: number, random: () => number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(ceiling / 2 + (ceiling / 2) * random());
}

function secureRandom(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32;
}

/** One connection that is kept up until `close`; use one per purpose. */
export class Reconnecting {
  readonly #options: SocketOptions;
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #ended = false;

  constructor(options: SocketOptions) {
    this.#options = options;
    void this.#connect();
  }

  /** Sends when open; returns false when nothing was sent. */
  send(data: string | ArrayBuffer): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(data);
    return true;
  }

  /** Ends for good; safe to call twice. */
  close(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#socket?.close(1000);
    this.#tell({ state: 'closed' });
  }

  #tell(state: SocketState): void {
    this.#options.onState?.(state);
  }

  async #connect(): Promise<void> {
    this.#tell({ state: 'connecting', attempt: this.#attempt });
    try {
      const address = await this.#options.address();
      if (this.#ended) return;
      const open = this.#options.open ?? ((target: string) => new WebSocket(target));
      this.#listen(open(address));
    } catch {
      this.#retry();
    }
  }

  #listen(socket: WebSocket): void {
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('open', () => {
      this.#attempt = 0;
      this.#tell({ state: 'open' });
    });
    socket.addEventListener('message', (event: MessageEvent<string | ArrayBuffer>) => {
      this.#options.onMessage(event.data);
    });
    // An error is always followed by close, so only close decides.
    socket.addEventListener('close', ({ code }) => {
      this.#options.onClose?.(code);
      this.#retry();
    });
  }

  #retry(): void {
    if (this.#ended) return;
    this.#attempt += 1;
    const wait = backOff(this.#attempt, this.#options.random ?? secureRandom);
    this.#tell({ state: 'waiting', attempt: this.#attempt, retryInMs: wait });
    this.#timer = setTimeout(() => void this.#connect(), wait);
  }
}

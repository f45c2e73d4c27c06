/** What of a browser the wall needs and a test has not: sockets and a decoder, in memory. */

/** A socket whose other end the test holds. */
export class FakeSocket extends EventTarget {
  static readonly OPEN = 1;
  readonly sent: string[] = [];
  binaryType = '';
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: MessageEvent<unknown>) => void) | null = null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null = null;
  /** Set by the other end. */
  onSent: (message: string) => void = () => undefined;

  constructor(readonly url: string) {
    super();
  }

  accept(): void {
    this.readyState = FakeSocket.OPEN;
    this.onopen?.();
    this.dispatchEvent(new Event('open'));
  }

  send(message: string): void {
    this.sent.push(message);
    this.onSent(message);
  }

  /** The other end sends. */
  give(data: unknown): void {
    const event = new MessageEvent('message', { data });
    this.onmessage?.(event);
    this.dispatchEvent(event);
  }

  /** The connection is lost. */
  drop(code: number): void {
    this.readyState = 3;
    this.onclose?.({ code, reason: '' });
    this.dispatchEvent(Object.assign(new Event('close'), { code }));
  }

  close(): void {
    this.readyState = 3;
  }
}

interface Chunk {
  readonly type: string;
  readonly timestamp: number;
}

/** Gives each unit back as a frame, in order of presentation when it is flushed. */
export class FakeVideoDecoder {
  static async isConfigSupported(): Promise<{ supported: boolean }> {
    return { supported: true };
  }

  state = 'unconfigured';
  decodeQueueSize = 0;
  readonly #output: (frame: object) => void;
  #held: number[] = [];
  #atOnce = false;

  constructor({ output }: { readonly output: (frame: object) => void }) {
    this.#output = output;
  }

  configure({ optimizeForLatency }: { readonly optimizeForLatency?: boolean }): void {
    this.state = 'configured';
    this.#atOnce = optimizeForLatency === true;
  }

  decode({ timestamp }: Chunk): void {
    this.#held.push(timestamp);
    if (this.#atOnce) this.#give();
  }

  async flush(): Promise<void> {
    this.#give();
  }

  reset(): void {
    this.#held = [];
  }

  close(): void {
    this.state = 'closed';
  }

  #give(): void {
    for (const timestamp of this.#held.sort((left, right) => left - right)) {
      this.#output({ timestamp, displayWidth: 640, displayHeight: 360, close: () => undefined });
    }
    this.#held = [];
  }
}

export class FakeChunk implements Chunk {
  readonly type: string;
  readonly timestamp: number;

  constructor({ type, timestamp }: Chunk) {
    [this.type, this.timestamp] = [type, timestamp];
  }
}

/** Something to draw on that keeps nothing. */
export function fakeCanvas(): HTMLCanvasElement {
  const context = { drawImage: () => undefined, fillRect: () => undefined };
  return Object.assign(new EventTarget(), { width: 0, height: 0, getContext: () => context }) as unknown as HTMLCanvasElement;
}

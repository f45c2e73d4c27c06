import { createContext } from 'svelte';
import type { Instant } from './types';

/** The time a screen counts down with: this browser's clock, put right by what a server said. */
export class Now {
  readonly #clock: () => number;
  #offset = 0;
  /** Milliseconds since 1970 UTC, moved about once a second. */
  ms = $state(0);

  constructor(clock: () => number = () => Date.now()) {
    this.#clock = clock;
    this.ms = clock();
  }

  /** Corrects by a server's time; a browser whose clock is wrong must not show false ends. */
  correct(server: Instant): void {
    this.#offset = Date.parse(server) - this.#clock();
    this.tick();
  }

  tick(): void {
    this.ms = this.#clock() + this.#offset;
  }

  /** Ticks until the returned function is called. */
  run(): () => void {
    const timer = setInterval(() => this.tick(), 1000);
    return () => clearInterval(timer);
  }

  /** Whole seconds until `instant`, rounded up; 0 when it has passed. */
  secondsUntil(instant: Instant): number {
    return Math.max(0, Math.ceil((Date.parse(instant) - this.ms) / 1000));
  }
}

export const [useNow, provideNow] = createContext<Now>();

import type { Answer } from '$lib/api';
import type { Edits } from './edits';

/** Keeps edits at the server one after the other; the newest are what counts. */
export class Saving {
  /** Of the edits that are kept. */
  revision = $state(0);
  state = $state<'saved' | 'saving' | 'failed'>('saved');
  why = $state('');
  #newest: Edits | null = null;
  #running: Promise<void> | null = null;

  constructor(
    revision: number,
    private readonly send: (revision: number, edits: Edits) => Promise<Answer<{ revision: number }>>,
  ) {
    this.revision = revision;
  }

  keep(edits: Edits): void {
    this.#newest = edits;
    this.#running ??= this.#run().finally(() => (this.#running = null));
  }

  /** Tries again what could not be kept. */
  again(): void {
    if (this.#newest) this.keep(this.#newest);
  }

  /** Ends when all is kept, or has failed. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    this.state = 'saving';
    while (this.#newest) {
      const edits = this.#newest;
      const answer = await this.send(this.revision, edits);
      if (answer.outcome !== 'ok') {
        this.why = answer.outcome === 'failed' ? answer.problem.detail || answer.problem.title : answer.denial.sentence;
        this.state = 'failed';
        return;
      }
      this.revision = answer.value.revision;
      if (this.#newest === edits) this.#newest = null;
    }
    this.state = 'saved';
  }
}

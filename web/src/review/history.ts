/** Undo and redo: whole states, newest last; steps of one gesture count as one. */
const MOST = 500;

export class History<T> {
  #past: T[] = [];
  #future: T[] = [];
  #gesture: string | null = null;

  constructor(private now: T) {}

  get value(): T {
    return this.now;
  }

  get canUndo(): boolean {
    return this.#past.length > 0;
  }

  get canRedo(): boolean {
    return this.#future.length > 0;
  }

  /** Goes on to a state; the same `gesture` twice in a row is undone in one go. */
  push(state: T, gesture: string | null = null): void {
    if (gesture === null || gesture !== this.#gesture) {
      this.#past = [...this.#past.slice(-MOST + 1), this.now];
    }
    this.#gesture = gesture;
    this.#future = [];
    this.now = state;
  }

  undo(): T {
    const before = this.#past.pop();
    if (before !== undefined) {
      this.#future.push(this.now);
      this.now = before;
    }
    this.#gesture = null;
    return this.now;
  }

  redo(): T {
    const after = this.#future.pop();
    if (after !== undefined) {
      this.#past.push(this.now);
      this.now = after;
    }
    this.#gesture = null;
    return this.now;
  }
}

/** Answers by number: asked once, the latest kept, failures asked again. */
export class Kept<T> {
  readonly #asked = new Map<number, Promise<T | null>>();
  readonly #there = new Map<number, T>();

  constructor(
    private readonly ask: (number: number) => Promise<T | null>,
    private readonly most: number,
    private readonly drop: (value: T) => void = () => {},
  ) {}

  /** What is there already. */
  peek(number: number): T | undefined {
    return this.#there.get(number);
  }

  get(number: number): Promise<T | null> {
    const there = this.#there.get(number);
    if (there !== undefined) {
      this.#there.delete(number);
      this.#there.set(number, there);
      return Promise.resolve(there);
    }
    const asked = this.#asked.get(number);
    if (asked) return asked;
    const answer = this.ask(number).then((value) => {
      this.#asked.delete(number);
      if (value !== null) this.#keep(number, value);
      return value;
    });
    this.#asked.set(number, answer);
    return answer;
  }

  #keep(number: number, value: T): void {
    this.#there.set(number, value);
    for (const [oldest, old] of this.#there) {
      if (this.#there.size <= this.most) break;
      this.#there.delete(oldest);
      this.drop(old);
    }
  }
}

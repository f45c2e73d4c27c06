import { pause } from '$lib/pause';
import { IDLE_EXPORT, type ExportState, type Film, type ReviewClient, type Seen, type Track } from './client';
import {
  boxOf,
  endingAt,
  isClear,
  moved,
  placeAt,
  startingAt,
  withBox,
  withClear,
  withKey,
  withoutBox,
  withoutKey,
  type DrawnBox,
  type Edits,
  type Place,
} from './edits';
import { History } from './history';
import { Kept } from './kept';
import { Saving } from './saving.svelte';

/** What is chosen: a box that somebody drew, or a track that the engine found. */
export type Chosen = { readonly what: 'box' | 'track'; readonly id: number } | null;

/** The server's places are whole numbers up to this. */
const FINE = 10_000;
const AHEAD = 6;
const FASTEST = 4;
const NEW_BOX: Place = [0.42, 0.35, 0.58, 0.65];

/** One film under review: where we are, what is chosen, what was changed. */
export class Review {
  readonly film: Film;
  readonly saving: Saving;
  number = $state(0);
  /** Pictures at a time, below zero backwards; 0 stands still. */
  speed = $state(0);
  exported = $state(false);
  chosen = $state.raw<Chosen>(null);
  edits = $state.raw<Edits>({ boxes: [], clear: [] });
  /** A box while it is dragged; becomes an edit when it is let go. */
  draft = $state.raw<{ readonly id: number | null; readonly place: Place } | null>(null);
  export = $state.raw<ExportState>(IDLE_EXPORT);
  canUndo = $state(false);
  canRedo = $state(false);
  readonly stills: Kept<ImageBitmap>;
  readonly #client: ReviewClient;
  readonly #history: History<Edits>;
  readonly #boxes: Kept<readonly (readonly Seen[])[]>;
  #covered: { revision: number; kept: Kept<readonly (readonly Place[])[]> } | null = null;
  #stop = new AbortController();

  constructor(film: Film, client: ReviewClient, draw: (blob: Blob) => Promise<ImageBitmap>) {
    this.film = film;
    this.#client = client;
    this.edits = film.edits;
    this.#history = new History(film.edits);
    this.saving = new Saving(film.revision, (revision, edits) => client.change(revision, edits));
    this.stills = new Kept(
      async (number) => {
        const blob = await client.still(number);
        return blob && (await draw(blob));
      },
      48,
      (bitmap) => bitmap.close(),
    );
    this.#boxes = new Kept(async (chunk) => {
      const answer = await client.boxes(chunk);
      return answer.outcome === 'ok' ? answer.value : null;
    }, 200);
  }

  get last(): number {
    return this.film.times.length - 1;
  }

  readonly box: DrawnBox | null = $derived(
    this.chosen?.what === 'box' ? boxOf(this.edits, this.chosen.id) : null,
  );
  readonly track: Track | null = $derived.by(() => {
    const id = this.chosen?.what === 'track' ? this.chosen.id : null;
    return this.film.tracks.find((each) => each.track === id) ?? null;
  });

  /** Seconds since the film's first picture. */
  seconds(number: number): number {
    const { times } = this.film;
    return ((times[Math.min(number, this.last)] ?? 0) - (times[0] ?? 0)) / 1e6;
  }

  go(number: number): void {
    this.speed = 0;
    this.#show(number);
  }

  step(pictures: number): void {
    this.go(this.number + pictures);
  }

  /** Play or stop; from the end, from the beginning. */
  toggle(): void {
    if (this.speed !== 0) this.play(0);
    else {
      if (this.number === this.last) this.#show(0);
      this.play(1);
    }
  }

  /** Forward or backward; again in the same direction is faster. */
  faster(direction: 1 | -1): void {
    const goes = Math.sign(this.speed) === direction;
    this.play(goes ? direction * Math.min(Math.abs(this.speed) * 2, FASTEST) : direction);
  }

  play(speed: number): void {
    this.#stop.abort();
    this.speed = speed;
    if (speed === 0) return;
    this.#stop = new AbortController();
    void this.#run(this.#stop.signal);
  }

  close(): void {
    this.#stop.abort();
  }

  /** The next place worth a look, or the one before: doubts, weak tracks, tracks lost for a while. */
  toMark(direction: 1 | -1): void {
    const next =
      direction > 0
        ? this.marks.find((mark) => mark > this.number)
        : this.marks.findLast((mark) => mark < this.number);
    if (next !== undefined) this.go(next);
  }

  readonly marks: readonly number[] = $derived.by(() => {
    const weak = this.film.tracks.flatMap((track) => [
      ...(track.unsure ? [track.first] : []),
      ...track.unseen.map(([first]) => first),
    ]);
    return [...new Set([...this.film.doubts.map((doubt) => doubt.first), ...weak])].sort((a, b) => a - b);
  });

  /** Tracks of a picture with their places; null while they are not there. */
  async seenAt(number: number): Promise<readonly { track: number; place: Place; seen: boolean }[] | null> {
    const { chunk } = this.film;
    const rows = await this.#boxes.get(Math.floor(number / chunk));
    return (rows?.[number % chunk] ?? null)?.map(([track, ...rest]) => ({
      track,
      place: [rest[0] / FINE, rest[1] / FINE, rest[2] / FINE, rest[3] / FINE],
      seen: rest[4],
    })) ?? null;
  }

  /** What an export of the edits as they are kept would cover in a picture. */
  async coveredAt(number: number): Promise<readonly Place[] | null> {
    const { chunk } = this.film;
    const { revision } = this.saving;
    if (this.#covered?.revision !== revision) {
      const ask = async (part: number): Promise<readonly (readonly Place[])[] | null> => {
        const answer = await this.#client.covered(part, revision);
        return answer.outcome === 'ok' ? answer.value : null;
      };
      this.#covered = { revision, kept: new Kept(ask, 40) };
    }
    const rows = await this.#covered.kept.get(Math.floor(number / chunk));
    return rows?.[number % chunk]?.map(([l, t, r, b]): Place => [l / FINE, t / FINE, r / FINE, b / FINE]) ?? null;
  }

  thumbnail(track: number): Promise<Blob | null> {
    return this.#client.thumbnail(track);
  }

  choose(chosen: Chosen): void {
    this.chosen = chosen;
  }

  /** A box from this picture to the film's end: too much rather than too little is covered. */
  add(place: Place = NEW_BOX): void {
    const { edits, id } = withBox(this.edits, this.number, this.last, place);
    this.#change(edits);
    this.choose({ what: 'box', id });
  }

  /** Where the chosen box is, or the nearest place that it had. */
  get chosenPlace(): Place | null {
    const { box } = this;
    return box && placeAt(box, Math.min(Math.max(this.number, box.first), box.last));
  }

  put(id: number, place: Place, gesture: string | null = null): void {
    this.#change(withKey(this.edits, id, this.number, place), gesture);
  }

  /** Moves (or with `size` enlarges) the chosen box by shares of the picture. */
  nudge(across: number, down: number, size: boolean): void {
    const place = this.chosenPlace;
    if (!this.box || !place) return;
    const [left, top, right, bottom] = place;
    const to: Place = size
      ? [left, top, Math.max(right + across, left), Math.max(bottom + down, top)]
      : moved(place, across, down);
    this.put(this.box.id, to, `nudge ${this.box.id} ${this.number}`);
  }

  keyframe(): void {
    const place = this.chosenPlace;
    if (this.box && place) this.put(this.box.id, place);
  }

  dropKeyframe(): void {
    if (this.box) this.#change(withoutKey(this.edits, this.box.id, this.number));
  }

  startHere(): void {
    if (this.box) this.#change(startingAt(this.edits, this.box.id, this.number));
  }

  endHere(): void {
    if (this.box) this.#change(endingAt(this.edits, this.box.id, this.number));
  }

  remove(): void {
    if (!this.box) return;
    this.#change(withoutBox(this.edits, this.box.id));
    this.choose(null);
  }

  isClear(track: number): boolean {
    return isClear(this.edits, track);
  }

  setClear(track: Track, clear: boolean): void {
    if (this.isClear(track.track) !== clear) this.#change(withClear(this.edits, track, clear));
  }

  undo(): void {
    this.#take(this.#history.undo());
  }

  redo(): void {
    this.#take(this.#history.redo());
  }

  /** Approves what is kept, under a name, and follows the export to its end. */
  async approve(name: string): Promise<string | null> {
    await this.saving.settled();
    const answer = await this.#client.approve(this.saving.revision, name);
    if (answer.outcome === 'failed') return answer.problem.detail || answer.problem.title;
    if (answer.outcome === 'denied') return answer.denial.sentence;
    this.export = answer.value;
    await this.follow();
    return null;
  }

  /** Asks how far the export is until it has ended. */
  async follow(): Promise<void> {
    const { signal } = new AbortController();
    while (this.export.state === 'running') {
      await pause(300, signal);
      const answer = await this.#client.progress();
      if (answer.outcome === 'ok') this.export = answer.value;
    }
  }

  /** Back to the film; a later approval exports anew. */
  forgetExport(): void {
    this.export = IDLE_EXPORT;
  }

  end(): Promise<unknown> {
    return this.#client.end();
  }

  #show(number: number): void {
    this.number = Math.min(Math.max(number, 0), this.last);
  }

  #change(edits: Edits, gesture: string | null = null): void {
    this.#history.push(edits, gesture);
    this.#take(edits);
  }

  #take(edits: Edits): void {
    this.edits = edits;
    this.canUndo = this.#history.canUndo;
    this.canRedo = this.#history.canRedo;
    if (this.chosen?.what === 'box' && !boxOf(edits, this.chosen.id)) this.chosen = null;
    this.saving.keep(edits);
  }

  /** Shows each picture when it is there: slower than life rather than with pictures left out. */
  async #run(signal: AbortSignal): Promise<void> {
    const period = 1000 / this.film.rate;
    while (!signal.aborted && this.speed !== 0) {
      const began = performance.now();
      const { speed } = this;
      const next = Math.min(Math.max(this.number + speed, 0), this.last);
      if (next === this.number) break;
      const ready = this.stills.get(next);
      for (let ahead = 1; ahead <= AHEAD; ahead += 1) {
        const later = next + ahead * speed;
        if (later >= 0 && later <= this.last && speed > 0) void this.stills.get(later);
      }
      await ready;
      await pause(Math.max(period - (performance.now() - began), 0), signal);
      if (!signal.aborted && this.speed !== 0) this.#show(next);
    }
    if (!signal.aborted) this.speed = 0;
  }
}

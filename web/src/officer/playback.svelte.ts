/** Looking back: one position for every tile, in what their agreements open. */

import type { VideoWall } from './wall.svelte';
import { STALE_US } from './recorded-channel.svelte';
import type { WallTile } from './tile.svelte';

/** Looking back before there is an alarm to count from starts here. */
const USUAL_US = 600_000_000;

export class Playback {
  mode = $state<'live' | 'recorded'>('live');
  playing = $state(false);
  /** Where the timeline's handle stands, microseconds. */
  positionUs = $state(0);

  readonly #wall: VideoWall;
  readonly #nowUs: () => number;

  constructor(wall: VideoWall, nowUs: () => number) {
    this.#wall = wall;
    this.#nowUs = nowUs;
  }

  /** Start of what may be looked at, over all tiles; microseconds. */
  get fromUs(): number {
    const starts = this.#wall.tiles.flatMap((tile) => [tile.recorded.grant?.from_us ?? [], tile.opensFromUs ?? []].flat());
    return starts.length > 0 ? Math.min(...starts) : this.#nowUs() - USUAL_US;
  }

  /** Whether any tile's agreement opens recordings now. */
  get possible(): boolean {
    return this.#wall.tiles.some((tile) => tile.opensFromUs !== null || tile.recorded.grant !== null);
  }

  /**
   * Goes to an instant; the first time, and beyond what is open, sites are asked for it. Where the
   * owner would have to answer, the tile says so and waits for somebody to ask.
   */
  async seek(wallUs: number): Promise<void> {
    const at = Math.min(Math.max(wallUs, this.fromUs), this.#nowUs());
    this.mode = 'recorded';
    this.playing = false;
    this.positionUs = at;
    await Promise.all(
      this.#wall.tiles.map(async (tile) => {
        tile.mode = 'recorded';
        const lacks = tile.lacks(at);
        if (lacks && tile.mustAsk) return tile.recorded.offer(at);
        const sought = tile.recorded.seek(at);
        if (lacks) await this.open(tile);
        await sought;
      }),
    );
  }

  /** Asks for what is open until now: all of it, or of covered pictures what is needed. */
  open(tile: WallTile): Promise<void> {
    return tile.lookBack(this.#wall.streamOf(tile), this.fromUs, this.positionUs);
  }

  /** Asks for the clear picture in place of a covered one. */
  openClear(tile: WallTile): Promise<void> {
    return tile.askClear(this.fromUs, this.positionUs);
  }

  back(seconds: number): Promise<void> {
    const from = this.mode === 'live' ? this.#nowUs() : this.positionUs;
    return this.seek(from - seconds * 1_000_000);
  }

  toggle(): void {
    if (this.mode === 'live') return;
    this.playing = !this.playing;
    for (const { recorded } of this.#wall.tiles) {
      if (this.playing) recorded.play();
      else recorded.pause();
    }
  }

  /** Stops playing; the picture in sight stays. */
  stand(): void {
    if (this.playing) this.toggle();
    for (const { recorded } of this.#wall.tiles) recorded.stay();
  }

  async step(by: 1 | -1): Promise<void> {
    if (this.mode === 'live') return;
    this.playing = false;
    await Promise.all(this.#wall.tiles.map(({ recorded }) => recorded.step(by)));
    this.follow();
  }

  live(): void {
    this.mode = 'live';
    this.playing = false;
    for (const tile of this.#wall.tiles) {
      tile.recorded.pause();
      tile.backToLive();
    }
  }

  reset(): void {
    this.mode = 'live';
    this.playing = false;
  }

  /** To be called often while recordings show: the handle follows, and more is asked for in time. */
  follow(): void {
    if (this.mode === 'live') return;
    const shown = this.#wall.tiles.flatMap(({ recorded: { state } }) => (state.kind === 'recorded' ? [state] : []));
    if (shown.length === 0) return;
    this.positionUs = Math.max(...shown.map(({ wallUs }) => wallUs));
    if (!this.playing) return;
    const over = shown.every(({ playing }) => !playing);
    if (over && this.#nowUs() - this.positionUs < STALE_US) return this.live();
    if (over) this.playing = false;
    for (const tile of this.#wall.tiles) {
      // One person is clear in exactly one range; playing on does not leave it.
      const stays = tile.mustAsk || tile.recorded.grant?.rendition === 'unmasked';
      if (!stays && tile.lacks(this.positionUs + STALE_US)) void this.open(tile);
    }
  }
}

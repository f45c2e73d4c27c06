/** The tiles that are open, how large they are, and what all of them show at once. */

import type { Stream } from '$lib/secure/statements';
import type { Layout } from './layouts';
import { Playback } from './playback.svelte';
import type { WallTile } from './tile.svelte';

/** More pictures than this help nobody, and cost more than a desk has. */
export const MOST_TILES = 9;

export class VideoWall {
  tiles = $state.raw<readonly WallTile[]>([]);
  layout = $state<Layout>(4);
  /** The tile that the keys work on, and that stands alone in layout 1. */
  selected = $state.raw<string | null>(null);
  /** The tile that fills the screen. */
  #whole: WallTile | null = null;
  readonly playback: Playback;

  /** What the layout shows, the selected tile always among it. */
  readonly shown: readonly WallTile[] = $derived.by(() => {
    const { tiles, layout } = this;
    const at = Math.max(0, tiles.findIndex(({ id }) => id === this.selected));
    const first = Math.floor(at / layout) * layout;
    return tiles.slice(first, first + layout);
  });
  readonly current: WallTile | null = $derived(
    this.tiles.find(({ id }) => id === this.selected) ?? this.tiles[0] ?? null,
  );

  constructor(nowUs: () => number) {
    this.playback = new Playback(this, nowUs);
  }

  find(camera: string): WallTile | undefined {
    return this.tiles.find(({ id }) => id === camera);
  }

  /** Adds tiles and asks for all of their pictures at once. */
  add(tiles: readonly WallTile[]): void {
    for (const { id } of tiles) {
      const known = this.find(id);
      known?.wake(this.streamOf(known));
    }
    const free = tiles.filter(({ id }) => !this.find(id)).slice(0, MOST_TILES - this.tiles.length);
    if (free.length === 0) return;
    this.tiles = [...this.tiles, ...free];
    this.selected ??= free[0]?.id ?? null;
    if (this.layout !== 1) this.layout = this.tiles.length > 4 ? 9 : 4;
    for (const tile of free) void tile.live.ask(this.streamOf(tile));
  }

  remove(tile: WallTile): void {
    tile.close();
    const at = this.tiles.indexOf(tile);
    this.tiles = this.tiles.filter((each) => each !== tile);
    if (this.selected === tile.id) this.selected = (this.tiles[at] ?? this.tiles.at(-1))?.id ?? null;
    if (this.tiles.length === 0) this.playback.reset();
  }

  /** Asks again for a tile that has ended or was refused. */
  again(tile: WallTile): void {
    if (tile.mode === 'live') void tile.live.ask(this.streamOf(tile));
    else void this.playback.open(tile);
  }

  select(tile: WallTile): void {
    this.selected = tile.id;
    this.#fit();
  }

  /** Moves the selection by so many tiles. */
  move(by: number): void {
    const at = this.tiles.findIndex(({ id }) => id === this.selected);
    const next = this.tiles[(at + by + this.tiles.length) % this.tiles.length];
    if (next) this.select(next);
  }

  show(layout: Layout): void {
    this.layout = layout;
    this.#fit();
  }

  /** A tile fills the screen, or none does any more. */
  enlarge(tile: WallTile | null): void {
    this.#whole = tile;
    this.#fit();
  }

  /** Large pictures of one, small ones of many: what a desk decodes without stutter. */
  streamOf(tile: WallTile): Stream {
    const large = this.tiles.length === 1 || this.#whole === tile || (this.layout === 1 && this.current === tile);
    return tile.streamFor(large);
  }

  ended(grant: string, reason: string): void {
    for (const tile of this.tiles) tile.ended(grant, reason);
  }

  close(): void {
    this.playback.reset();
    for (const tile of this.tiles) tile.close();
    this.tiles = [];
  }

  /** Takes the larger or smaller stream where what is shown has become larger or smaller. */
  #fit(): void {
    for (const tile of this.shown) {
      const wanted = this.streamOf(tile);
      const { kind } = tile.live.state;
      const fits = tile.live.stream === wanted || kind === 'cannot-play';
      if (!fits && tile.mode === 'live' && (kind === 'live' || kind === 'checking')) void tile.live.ask(wanted);
    }
  }
}

/** The keys of a recorded range: covers for whole seconds, single run keys at the edges. */

import { type Bytes, unb64 } from './bytes';
import { Cover, runKey, streamLabel } from './keytree';
import { Refused } from './refused';
import type { Rendition, Stream } from './statements';

type CoverFields = {
  readonly period: string;
  readonly nodes: readonly (readonly [depth: number, index: number, key: string])[];
};
type RunFields = readonly [segment: string, run: number, key: string];

/** Names one run for key derivation. Ids are base64url text. */
export interface RunName {
  readonly camera: string;
  readonly stream: Stream;
  readonly rendition: Rendition;
  readonly period: string;
  readonly segment: string;
  readonly leaf: number;
  readonly run: number;
}

export class RecordedKeys {
  readonly #covers: ReadonlyMap<string, Cover>;
  readonly #runs: ReadonlyMap<string, Bytes>;

  constructor(covers: readonly CoverFields[], runs: readonly RunFields[]) {
    this.#covers = new Map(covers.map(({ period, nodes }) => [period, coverOf(nodes)]));
    this.#runs = new Map(runs.map(([segment, run, key]) => [`${segment}/${run}`, unb64(key)]));
  }

  opens(name: Pick<RunName, 'period' | 'segment' | 'leaf' | 'run'>): boolean {
    return (
      this.#runs.has(`${name.segment}/${name.run}`) ||
      (this.#covers.get(name.period)?.reaches(name.leaf) ?? false)
    );
  }

  /** The raw key of a run; refuses what lies outside the released range. */
  async runKey(name: RunName): Promise<Bytes> {
    const single = this.#runs.get(`${name.segment}/${name.run}`);
    if (single !== undefined) return single;
    const cover = this.#covers.get(name.period);
    if (cover === undefined) throw new Refused('no-key', 'nothing of this period was released');
    const label = streamLabel(name.camera, name.stream, name.rendition);
    return runKey(await cover.leaf(name.leaf), label, unb64(name.segment), name.run);
  }
}

function coverOf(nodes: CoverFields['nodes']): Cover {
  return new Cover(nodes.map(([depth, index, key]) => ({ depth, index, key: unb64(key) })));
}

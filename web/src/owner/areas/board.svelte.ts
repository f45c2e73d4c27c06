/** The cameras' protected areas as this page knows them, and what it asks of the site about them. */

import type { Answer } from '$lib/api';
import { loaded, type Loadable, LOADING } from '$lib/loadable';
import { askStill, type CameraAreas, pictureOf, readAreas, sendDrawing, signDrawing, signStillWish } from '$lib/node/areas';
import type { Problem } from '$lib/problem';
import type { Proved, Site } from '../site.svelte';
import { Sketch } from './sketch.svelte';

/** What there is to draw on. */
export type Still =
  | { readonly state: 'none' }
  | { readonly state: 'asking' }
  | { readonly state: 'shown'; readonly image: ImageBitmap; readonly atUs: number; readonly covered: string; readonly why: string; readonly proved: Proved }
  | { readonly state: 'missing'; readonly why: string; readonly proved: Proved }
  | { readonly state: 'failed'; readonly problem: Problem };

/** What became of saving. */
export interface Kept {
  readonly ended: number;
  readonly proved: Proved;
}

export class AreasBoard {
  cameras = $state.raw<Loadable<readonly CameraAreas[]>>(LOADING);
  stills = $state.raw<ReadonlyMap<string, Still>>(new Map());
  readonly #site: Site;
  readonly #decode: (picture: Blob) => Promise<ImageBitmap>;
  readonly #sketches = new Map<string, Sketch>();

  constructor(site: Site, decode: (picture: Blob) => Promise<ImageBitmap> = (picture) => createImageBitmap(picture)) {
    this.#site = site;
    this.#decode = decode;
  }

  /** Reads what holds; a drawing that was begun stays as it is until it is saved. */
  async read(): Promise<void> {
    const answer = await this.#site.asking((ports) => readAreas(ports.client));
    if (answer.outcome === 'ok' || this.cameras.state !== 'ready') this.cameras = loaded(answer);
    if (answer.outcome !== 'ok') return;
    for (const camera of answer.value) {
      const known = this.#sketches.get(camera.id);
      if (known && known.revision !== camera.revision && !known.dirty) known.replaced(camera.revision, camera.drawn);
    }
  }

  camera(id: string): CameraAreas | null {
    return this.cameras.state === 'ready' ? (this.cameras.value.find((each) => each.id === id) ?? null) : null;
  }

  /** The drawing of a camera, begun with what holds. */
  sketch(camera: CameraAreas): Sketch {
    const known = this.#sketches.get(camera.id);
    if (known) return known;
    const made = new Sketch(camera.revision, camera.drawn);
    this.#sketches.set(camera.id, made);
    return made;
  }

  still(camera: string): Still {
    return this.stills.get(camera) ?? { state: 'none' };
  }

  /** Asks for a redacted picture; the site logs it first. */
  async look(camera: string): Promise<void> {
    const before = this.still(camera);
    if (before.state === 'asking') return;
    this.#show(camera, { state: 'asking' });
    this.#show(camera, await this.#look(camera));
  }

  async #look(camera: string): Promise<Still> {
    const answer = await this.#site.challenged(async (ports, challenge, moment) => {
      const wish = await signStillWish(ports.identity, moment, { camera, challenge });
      const told = await askStill(ports.client, wish);
      if (told.outcome !== 'ok') return told;
      const proved = await this.#site.proved(ports, told.value.log, { kind: 'still', payload: wish.payload });
      return { outcome: 'ok', value: { still: told.value, proved } } as const;
    });
    if (answer.outcome !== 'ok') return { state: 'failed', problem: problemIn(answer) };
    const { still, proved } = answer.value;
    if (still.picture === null) return { state: 'missing', why: still.reason, proved };
    const image = await this.#decode(pictureOf(still.picture));
    return { state: 'shown', image, atUs: still.at_us, covered: still.state, why: still.reason, proved };
  }

  /** Signs a camera's drawing and sends it. */
  async save(camera: string, sketch: Sketch): Promise<Answer<Kept>> {
    const { masks, children } = sketch.outlines();
    const answer = await this.#site.challenged(async (ports, challenge, moment) => {
      const what = { camera, replaces: sketch.revision, masks, children, challenge };
      const statement = await signDrawing(ports.identity, moment, what);
      const told = await sendDrawing(ports.client, statement);
      if (told.outcome !== 'ok') return told;
      sketch.saved(told.value.revision);
      const proved = await this.#site.proved(ports, told.value.log, { kind: 'drawing', payload: statement.payload });
      return { outcome: 'ok', value: { ended: told.value.ended, proved } } as const;
    });
    if (answer.outcome === 'ok') await this.read();
    return answer;
  }

  /** Shows what somebody else has drawn; ours is one step back. */
  async takeTheirs(camera: string): Promise<void> {
    await this.read();
    const now = this.camera(camera);
    if (now) this.sketch(now).replaced(now.revision, now.drawn);
  }

  #show(camera: string, still: Still): void {
    this.stills = new Map([...this.stills, [camera, still]]);
  }
}

/** A refusal is a problem like others here. */
function problemIn(answer: Exclude<Answer<unknown>, { outcome: 'ok' }>): Problem {
  if (answer.outcome === 'failed') return answer.problem;
  return { kind: 'denied', status: 403, title: answer.denial.reason, detail: answer.denial.sentence };
}

/** What is protected in the cameras' pictures (`src/handfast/node/usecases/draw_areas.py`). */

import type { Answer } from '../api';
import { unb64 } from '../secure/bytes';
import { type Identity, signerOf } from '../secure/device';
import { type Envelope, seal } from '../secure/envelope';
import * as is from '../secure/shape';
import { drawing, logProof, type Outline, stillWish } from '../secure/statements';
import type { NodeClient } from './client';
import type { Moment } from './hand';

const outline = is.list(is.tuple(is.count, is.count));
const areaSet = is.atLeast({ masks: is.list(outline), children: is.list(outline) });
const camera = is.atLeast({
  id: is.uuid,
  name: is.text,
  covers: is.list(is.text),
  moves: is.flag,
  revision: is.count,
  changed_us: is.count,
  installed: areaSet,
  drawn: areaSet,
});
const saved = is.atLeast({ revision: is.count, ended: is.count, log: logProof });
const still = is.atLeast({
  picture: is.orNull(is.b64Text),
  at_us: is.count,
  state: is.text,
  reason: is.text,
  log: logProof,
});

export type CameraAreas = is.Read<typeof camera>;
export type SavedDrawing = is.Read<typeof saved>;
export type StillPicture = is.Read<typeof still>;

/** A picture may have to wait for models to be loaded. */
const STILL_MS = 75_000;

/** Draws all areas of a camera anew, in place of the drawing with the number `replaces`. */
export function signDrawing(
  identity: Identity,
  { node, nowUs }: Moment,
  what: {
    readonly camera: string;
    readonly replaces: number;
    readonly masks: readonly Outline[];
    readonly children: readonly Outline[];
    readonly challenge: string;
  },
): Promise<Envelope> {
  const statement = { node, ...what, device: identity.fingerprint, at_us: nowUs };
  return seal(drawing, statement, signerOf(identity));
}

/** Asks for one redacted picture of a camera. */
export function signStillWish(
  identity: Identity,
  { node, nowUs }: Moment,
  what: { readonly camera: string; readonly challenge: string },
): Promise<Envelope> {
  const statement = { node, ...what, device: identity.fingerprint, at_us: nowUs };
  return seal(stillWish, statement, signerOf(identity));
}

/** What is protected in each camera's picture, in the site's order. */
export async function readAreas(client: NodeClient): Promise<Answer<readonly CameraAreas[]>> {
  const read = is.atLeast({ cameras: is.list(camera) });
  const answer = await client.call('/areas', { read: (body) => read(body, 'areas') });
  return answer.outcome === 'ok' ? { outcome: 'ok', value: answer.value.cameras } : answer;
}

export function sendDrawing(client: NodeClient, statement: Envelope): Promise<Answer<SavedDrawing>> {
  return client.call('/drawings', { method: 'POST', body: { statement }, read: (body) => saved(body, 'drawing') });
}

export function askStill(client: NodeClient, statement: Envelope): Promise<Answer<StillPicture>> {
  const read = (body: unknown): StillPicture => still(body, 'still');
  return client.call('/stills', { method: 'POST', body: { statement }, read, timeout: STILL_MS });
}

/** The picture's bytes, as the browser decodes them. */
export function pictureOf(picture: string): Blob {
  return new Blob([unb64(picture)], { type: 'image/jpeg' });
}

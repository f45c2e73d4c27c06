/** Asking a node for a camera: the signed question and what travels with it. */

import { type Identity, signerOf } from './device';
import { type Envelope, payloadHash, seal } from './envelope';
import type { Asked } from './release';
import type { TrackKind } from './rendition';
import { type AccessRequest, accessRequest } from './statements';

/** The body of `POST /nodes/{node}/access`. */
export interface Ask {
  readonly request: Envelope;
  readonly chain: readonly Envelope[];
  readonly incident: Envelope | null;
}

export interface SignedAsk {
  readonly ask: Ask;
  /** Keep it: the decision is checked against it. */
  readonly asked: Asked;
}

/** What the officer chooses; ids, device and time are added when it is signed. */
export type Wish = Omit<AccessRequest, 'request' | 'device' | 'asked_us' | 'track' | 'track_kind' | 'seen_in'> & {
  /** Which person or vehicle is to become clear; with the rendition `unmasked` only. */
  readonly track?: number | undefined;
  /** What they are in the picture in which they were chosen. */
  readonly track_kind?: TrackKind | undefined;
  /** The segment of the live picture in which they were chosen. */
  readonly seen_in?: string | undefined;
};

export async function signAsk(
  identity: Identity,
  wish: Wish,
  incident: Envelope | null,
  moment: { readonly id: string; readonly nowUs: number },
): Promise<SignedAsk> {
  const statement = {
    ...wish,
    track: wish.track,
    track_kind: wish.track_kind,
    seen_in: wish.seen_in,
    request: moment.id,
    device: identity.fingerprint,
    asked_us: moment.nowUs,
  };
  const request = await seal(accessRequest, statement, signerOf(identity));
  return {
    ask: { request, chain: identity.chain, incident },
    asked: { statement, hash: await payloadHash(request) },
  };
}

import { IDLE, type Loadable } from '$lib/loadable';
import type { AccessRequest, Instant, Look, Signal } from '$lib/types';

/** A camera as its owner sees it: is it recording, and who watches now. */
export interface OwnCamera {
  readonly id: string;
  readonly name: string;
  readonly recording: boolean;
  readonly watchers: number;
}

/** What the owner's page knows of its site; everything is idle until this phone is paired. */
export class Site {
  paired = $state(false);
  cameras = $state.raw<Loadable<readonly OwnCamera[]>>(IDLE);
  signals = $state.raw<Loadable<readonly Signal[]>>(IDLE);
  requests = $state.raw<Loadable<readonly AccessRequest[]>>(IDLE);
  looks = $state.raw<Loadable<readonly Look[]>>(IDLE);
  /** When the node signed that everything is closed; null while nothing was asked. */
  closed = $state.raw<Instant | null>(null);
}

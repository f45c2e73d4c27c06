/** What a site's node says about itself at `/config.json`, before anybody has logged in. */

import { type Answer, Api } from '../api';
import * as is from '../secure/shape';
import type { LonLat } from '../types';

const read = is.atLeast({
  organisation: is.text,
  site: is.text,
  node: is.uuid,
  node_key: is.key32,
  owner_root: is.key32,
  log: is.text,
  center: is.tuple(is.real, is.real),
});

/** Nothing here is believed by itself: a paired browser compares it with what it has pinned. */
export interface NodeSettings {
  /** The owner as people call them. */
  readonly owner: string;
  /** The premises as people call them. */
  readonly site: string;
  readonly node: string;
  /** base64url of the raw Ed25519 keys. */
  readonly nodeKey: string;
  readonly ownerRoot: string;
  /** Verifier key of the owner's log. */
  readonly log: string;
  readonly place: LonLat;
}

export function readNodeSettings(body: unknown): NodeSettings {
  const found = read(body, 'config.json');
  return {
    owner: found.organisation,
    site: found.site,
    node: found.node,
    nodeKey: found.node_key,
    ownerRoot: found.owner_root,
    log: found.log,
    place: found.center,
  };
}

export function loadNodeSettings(api: Api = new Api({ origin: '' })): Promise<Answer<NodeSettings>> {
  return api.get('/config.json', readNodeSettings);
}

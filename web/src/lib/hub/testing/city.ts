/** What a hub tells about a test site; the site signs, the hub only carries. */

import type { Json } from '../../secure/canonical';
import type { Signer } from '../../secure/envelope';
import { registration, signal } from '../../secure/statements';
import { ids, NOON, signedBy, type TestSite } from '../../secure/testing/site';
import type { IncidentView, SiteView } from '../client';

export const EPISODE = '01900000-0000-7000-8000-00000000000a';

export async function siteOf(site: TestSite, changes: Record<string, Json> = {}, by: Signer = site.nodeKey): Promise<SiteView> {
  const statement = {
    node: ids.node, owner: ids.owner, name: 'Kallio school', site_kind: 'school', lon: 24.9479, lat: 60.1713, log: site.log.vkey,
    cameras: [{
      id: ids.camera, name: 'Yard', lon: 24.9482, lat: 60.1711, heading_deg: 150, angle_deg: 82, range_m: 60,
      streams: ['main', 'sub'], opens: ['alarm'], view: [],
    }],
    serial: 1, at_us: NOON, ...changes,
  };
  return { node: ids.node, registration: await signedBy(registration, statement, by), online: true, signals: [] };
}

export function signalOf(site: TestSite, changes: Record<string, Json> = {}, by: Signer = site.nodeKey): ReturnType<typeof signedBy> {
  const statement = {
    node: ids.node, signal: 'intrusion', episode: EPISODE, state: 'raised', test: false, first_raised_us: NOON, raised_us: NOON,
    cleared_us: null, lease_until_us: NOON + 300_000_000, sequence: 1, ...changes,
  };
  return signedBy(signal, statement, by);
}

export function incidentOf(changes: Partial<IncidentView> = {}): IncidentView {
  return {
    id: ids.incident, kind: 'intrusion', title: 'intrusion: Kallio school', lon: 24.9479, lat: 60.1713, radius_m: 300,
    opened_us: NOON, closed_us: null, opened_by: 'signal', signal: { node: ids.node, episode: EPISODE },
    openable: [{ node: ids.node, camera: ids.camera, how: 'alarm' }], statement: null, ...changes,
  };
}

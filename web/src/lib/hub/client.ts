/** The hub's interface (docs/reference/protocol.md, "Officer's browser <-> hub"). */

import type { Answer, Reader } from '../api';
import type { Ask } from '../secure/ask';
import { readEnvelope, type Envelope } from '../secure/envelope';
import * as is from '../secure/shape';
import type { Caller } from '../signed-in';

const challenge = is.atLeast({ challenge: is.b64Text, expires_us: is.count });
const decided = is.atLeast({ decision: readEnvelope });

const openable = is.atLeast({ node: is.uuid, camera: is.uuid, how: is.oneOf('alarm', 'request') });
/** An incident in the hub's words; only `statement` and the signals of nodes carry authority. */
export const incidentView = is.atLeast({
  id: is.uuid,
  kind: is.text,
  title: is.text,
  lon: is.real,
  lat: is.real,
  radius_m: is.real,
  opened_us: is.count,
  closed_us: is.orNull(is.count),
  opened_by: is.text,
  signal: is.orNull(is.atLeast({ node: is.text, episode: is.text })),
  openable: is.list(openable),
  statement: is.orNull(readEnvelope),
});
export type IncidentView = is.Read<typeof incidentView>;

export const siteView = is.atLeast({
  node: is.text,
  registration: readEnvelope,
  online: is.flag,
  signals: is.list(readEnvelope),
});
export type SiteView = is.Read<typeof siteView>;

export type NodeChallenge = is.Read<typeof challenge>;

function as<T>(read: is.Reader<T>, what: string): Reader<T> {
  return (body) => read(body, what);
}

/** Nodes log before they answer; a slow disk must not look like a lost hub. */
const ACCESS_TIMEOUT_MS = 15_000;

export class HubClient {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Opens or restates an incident that the agency's dispatch key has signed. */
  state(statement: Envelope): Promise<Answer<IncidentView>> {
    const body = { statement };
    return this.#caller.call('/incidents', { method: 'POST', body, read: as(incidentView, 'incident') });
  }

  /** Grants of the incident go on until their nodes end them. */
  close(incident: string): Promise<Answer<IncidentView>> {
    const path = `/incidents/${incident}/close`;
    return this.#caller.call(path, { method: 'POST', body: {}, read: as(incidentView, 'incident') });
  }

  /** Of the node, good for one request. */
  challenge(node: string): Promise<Answer<NodeChallenge>> {
    return this.#caller.call(`/nodes/${node}/challenge`, { read: as(challenge, 'challenge') });
  }

  /** The node's signed decision; check it with `openDecision`. */
  async access(node: string, ask: Ask): Promise<Answer<Envelope>> {
    const read = as(decided, 'decision');
    const call = { method: 'POST', body: ask, read, timeout: ACCESS_TIMEOUT_MS } as const;
    return envelopeOf(await this.#caller.call(`/nodes/${node}/access`, call));
  }

  /** The newest decision of a request of this device. */
  async decision(request: string): Promise<Answer<Envelope>> {
    return envelopeOf(await this.#caller.call(`/requests/${request}`, { read: as(decided, 'decision') }));
  }

  /** Parsed and not checked; `readRecordings` of the player does that. */
  recordings(grant: string, fromUs: number, untilUs: number): Promise<Answer<unknown>> {
    const path = `/grants/${grant}/recordings?from_us=${fromUs}&until_us=${untilUs}`;
    return this.#caller.call(path, { read: (body) => body });
  }
}

function envelopeOf(answer: Answer<{ readonly decision: Envelope }>): Answer<Envelope> {
  return answer.outcome === 'ok' ? { outcome: 'ok', value: answer.value.decision } : answer;
}

/** `https://hub.example` to `wss://hub.example`. */
export function socketOrigin(hub: string): string {
  return hub.replace(/^http/, 'ws');
}

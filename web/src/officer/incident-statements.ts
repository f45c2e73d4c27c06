/** The dispatch key's statements about incidents, fetched once and when they no longer reach. */

import type { AgencyClient, IncidentDraft } from '$lib/agency/client';
import type { Answer } from '$lib/api';
import type { HubClient, IncidentView } from '$lib/hub/client';
import { distance } from '$lib/map/geometry';
import { fromUtf8, unb64 } from '$lib/secure/bytes';
import type { Envelope } from '$lib/secure/envelope';
import { parseJson } from '$lib/secure/shape';
import { incident as incidentKind, type Incident } from '$lib/secure/statements';
import type { LonLat } from '$lib/types';

export interface StatementPorts {
  readonly agency: Pick<AgencyClient, 'signIncident'>;
  readonly hub: Pick<HubClient, 'state'>;
  readonly nowUs: () => number;
}

/** A statement that ends sooner than this is signed anew. */
const LEFT_US = 120_000_000;
/** Added to the distance of a site, so that it lies inside and not on the edge. */
const MARGIN_M = 10;

export class IncidentStatements {
  readonly #ports: StatementPorts;
  readonly #signing = new Map<string, Promise<Envelope | null>>();
  readonly #known = new Map<string, Envelope>();

  constructor(ports: StatementPorts) {
    this.#ports = ports;
  }

  /**
   * A statement about an incident that reaches `site`; null when the agency signs none.
   *
   * The hub and other officers learn of it at the same time; nobody waits for that.
   */
  async covering(incident: IncidentView, site: LonLat): Promise<Envelope | null> {
    const metres = distance([incident.lon, incident.lat], site);
    for (const envelope of [this.#known.get(incident.id), incident.statement]) {
      if (envelope && this.#reaches(envelope, metres)) return envelope;
    }
    const radius = Math.ceil(Math.max(incident.radius_m, metres + MARGIN_M));
    const name = `${incident.id}/${radius}`;
    const signing = this.#signing.get(name) ?? this.#sign(incident, radius);
    this.#signing.set(name, signing);
    return signing.finally(() => this.#signing.delete(name));
  }

  /** Signs a new incident and tells the hub; returns how the hub sees it. */
  async open(draft: IncidentDraft): Promise<Answer<IncidentView>> {
    const signed = await this.#ports.agency.signIncident(draft);
    return signed.outcome === 'ok' ? this.#ports.hub.state(signed.value) : signed;
  }

  async #sign(incident: IncidentView, radius: number): Promise<Envelope | null> {
    const { id, kind, title, lon, lat, signal } = incident;
    const draft = { incident: id, kind, title, lon, lat, radius_m: radius, signal };
    const answer = await this.#ports.agency.signIncident(draft);
    if (answer.outcome !== 'ok') return null;
    this.#known.set(id, answer.value);
    void this.#ports.hub.state(answer.value);
    return answer.value;
  }

  /** Read without checking: whoever opens a camera checks it against the pinned dispatch key. */
  #reaches(envelope: Envelope, metres: number): boolean {
    let said: Incident;
    try {
      said = incidentKind.read(parseJson(fromUtf8(unb64(envelope.payload)), 'incident'), 'incident');
    } catch {
      return false;
    }
    return said.radius_m >= metres && said.expires_us - this.#ports.nowUs() > LEFT_US;
  }
}

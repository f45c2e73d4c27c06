/** A request in the owner's inbox, checked on the owner's device: what is shown is what is signed. */

import { distance } from '../map/geometry';
import { verifyChain } from '../secure/chain';
import { fromUtf8, unb64 } from '../secure/bytes';
import { fingerprintOf, keyRing, open } from '../secure/envelope';
import { Refused } from '../secure/refused';
import type { TrackKind } from '../secure/rendition';
import { parseJson } from '../secure/shape';
import { accessRequest, incident, type Rendition, type View } from '../secure/statements';
import type { LonLat } from '../types';
import type { Question } from './client';
import type { OwnAgreement } from './own-agreements';

export interface AskedIncident {
  readonly title: string;
  readonly kind: string;
  /** From the site to the middle of the incident. */
  readonly metres: number;
  readonly expiresUs: number;
}

/** Everything here was signed by the officer, their administrator, or their dispatch. */
export interface Asked {
  /** Hash of the statement that was verified; an approval names it. */
  readonly request: string;
  /** Id of the person in their certificate. */
  readonly person: string;
  readonly name: string;
  readonly role: string;
  readonly agency: string;
  readonly camera: string;
  readonly view: View;
  readonly rendition: Rendition;
  readonly purpose: string;
  readonly comment: string;
  readonly incident: AskedIncident | null;
  readonly fromUs: number | null;
  readonly untilUs: number | null;
  readonly askedUs: number;
  /** The longest the agreement lets a yes last. */
  readonly longestS: number;
  /** How many of the owner's devices have to say yes. */
  readonly approvals: number;
  /** Who is to become clear, as the redacted recording numbers them; null for whole pictures. */
  readonly track: number | null;
  /** What the officer saw there, which the site has shown; nothing else becomes clear. Null where nobody said so. */
  readonly trackKind: TrackKind | null;
}

export interface AskedAt {
  readonly node: string;
  readonly place: LonLat;
  readonly agreements: ReadonlyMap<string, OwnAgreement>;
  readonly nowUs: number;
}

/** Follows every signature of a question; throws instead of showing anything half-checked. */
export async function verifyQuestion(question: Question, at: AskedAt): Promise<Asked> {
  const asked = await openRequest(question, at);
  const { statement, holder, agreement } = asked;
  const stated = await statedIncident(question, asked);
  const clause = agreement.clauses.find(
    ({ when, roles, cameras, purposes, views, rendition }) =>
      when.type === 'request' &&
      rendition === statement.rendition &&
      views.includes(statement.view) &&
      roles.includes(holder.role) &&
      purposes.includes(statement.purpose) &&
      (cameras === null || cameras.includes(statement.camera)),
  );
  return {
    request: asked.hash,
    person: holder.id,
    name: holder.name,
    role: holder.role,
    agency: agreement.agency.name,
    camera: statement.camera,
    view: statement.view,
    rendition: statement.rendition,
    purpose: statement.purpose,
    comment: statement.comment,
    incident:
      stated === null
        ? null
        : {
            title: stated.title,
            kind: stated.kind,
            metres: distance(at.place, [stated.lon, stated.lat]),
            expiresUs: stated.expires_us,
          },
    fromUs: statement.from_us,
    untilUs: statement.until_us,
    askedUs: statement.asked_us,
    longestS: clause?.longest_s ?? 0,
    approvals: clause && 'approvals' in clause.when ? clause.when.approvals : 1,
    track: statement.track ?? null,
    trackKind: statement.track_kind ?? null,
  };
}

type OpenRequest = Awaited<ReturnType<typeof openRequest>>;

async function openRequest(question: Question, at: AskedAt) {
  const claimed = accessRequestAgreement(question);
  const found = at.agreements.get(claimed);
  if (found === undefined) throw new Refused('not-ours', 'the request names no agreement of yours');
  const { agreement } = found;
  const holder = await verifyChain(question.chain, agreement.agency.root, at.nowUs);
  if (holder.kind !== 'officer-device' || holder.organisation !== agreement.agency.id) {
    throw new Refused('not-ours', 'the request is not from a person of that agency');
  }
  const opened = await open(question.envelope, accessRequest, await keyRing([holder.sign]));
  const { statement, hash } = opened;
  const device = await fingerprintOf(unb64(holder.sign));
  if (hash !== question.request || statement.device !== device || statement.node !== at.node) {
    throw new Refused('not-ours', 'the request is another one than the site says');
  }
  if (statement.agreement !== found.hash) throw new Refused('not-ours', 'the request changed');
  return { statement, hash, holder, agreement };
}

/** Which agreement the request claims; believed only after its signature held. */
function accessRequestAgreement(question: Question): string {
  const payload = fromUtf8(unb64(question.envelope.payload));
  return accessRequest.read(parseJson(payload, 'request'), 'request').agreement;
}

async function statedIncident(question: Question, { statement, agreement }: OpenRequest) {
  if (question.incident_statement === null) return null;
  const ring = await keyRing([agreement.dispatch]);
  const stated = (await open(question.incident_statement, incident, ring)).statement;
  if (stated.incident !== statement.incident || stated.agency !== agreement.agency.id) {
    throw new Refused('not-ours', 'the incident is another one than the request names');
  }
  return stated;
}

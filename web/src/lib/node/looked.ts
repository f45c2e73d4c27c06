/** "Who looked" and "who was refused", read from proven log entries and not from the node's words. */

import { fromUtf8, unb64 } from '../secure/bytes';
import { readEnvelope } from '../secure/envelope';
import { readRendition, readTrackKind, type Rendition, type TrackKind } from '../secure/rendition';
import * as is from '../secure/shape';
import { type LogProof, stillWish } from '../secure/statements';
import type { AccessLine } from './client';
import type { OwnLog, Proven } from './own-log';

const why = is.atLeast({
  purpose: is.text,
  agency_name: is.text,
  camera_name: is.text,
  incident_title: is.text,
  comment: is.text,
});
const permitEntry = is.atLeast({
  kind: is.oneOf('decision'),
  outcome: is.oneOf('permit'),
  at_us: is.count,
  name: is.text,
  role: is.text,
  why,
  grant: is.atLeast({
    id: is.uuid,
    view: is.oneOf('live', 'recorded'),
    rendition: readRendition,
    since_us: is.count,
    until_us: is.count,
    from_us: is.count,
    range_until_us: is.orNull(is.count),
    track: is.optional(is.count),
    track_kind: is.optional(readTrackKind),
  }),
});
const endEntry = is.atLeast({
  kind: is.oneOf('end'),
  grant: is.uuid,
  reason: is.text,
  ended_us: is.count,
  viewed_us: is.count,
});
const denyEntry = is.atLeast({
  kind: is.oneOf('decision'),
  outcome: is.oneOf('deny'),
  at_us: is.count,
  reason: is.text,
  explanation: is.text,
});
const stillEntry = is.atLeast({ kind: is.oneOf('still'), at_us: is.count, statement: readEnvelope });
const denied = is.atLeast({ name: is.text, role: is.text, why });

/** Whether what a line says is in the owner's log. */
export type Proof =
  | { readonly state: 'proved'; readonly index: number; readonly endIndex: number | null }
  /** The owner's retention erased the opening; the leaf is still in the tree. */
  | { readonly state: 'erased' }
  | { readonly state: 'broken'; readonly reason: string };

interface Line {
  readonly proof: Proof;
  /** What is exported: proofs as the node gave them. */
  readonly proofs: readonly LogProof[];
  readonly name: string;
  readonly role: string;
  readonly agency: string;
  readonly camera: string;
  readonly purpose: string;
  readonly title: string;
  readonly comment: string;
  readonly atUs: number;
}

/** One access that was opened. */
export interface Look extends Line {
  readonly kind: 'look';
  readonly id: string;
  readonly view: 'live' | 'recorded';
  readonly rendition: Rendition;
  /** Who was clear while everybody else stayed covered; null for whole pictures. */
  readonly track: number | null;
  /** What the site found there; null where its log does not say. */
  readonly trackKind: TrackKind | null;
  /** For recorded pictures, which time was opened: `[fromUs, untilUs)`. */
  readonly range: { readonly fromUs: number; readonly untilUs: number } | null;
  /** How long pictures went out; null while the access is open. */
  readonly viewedUs: number | null;
  readonly endedUs: number | null;
  readonly endsUs: number;
  /** Why it ended. */
  readonly reason: string | null;
}

/** One access that was refused. */
export interface Refusal extends Line {
  readonly kind: 'refusal';
  readonly id: string;
  readonly reason: string;
  readonly explanation: string;
}

/** One covered picture for one of the owner's own devices, to draw on. */
export interface Still extends Line {
  readonly kind: 'still';
  readonly id: string;
  /** Fingerprint; the others' names are known to nobody but their own devices. */
  readonly device: string;
  /** Nothing more is known of it. */
  readonly reason: null;
}

export type Looked = Look | Refusal | Still;

/** Verifies every line; those whose proof does not hold stay in the list and say so. */
export async function verifyAccesses(lines: readonly AccessLine[], log: OwnLog): Promise<readonly Look[]> {
  const proofs = lines.flatMap(({ opened, closed }) => [opened, closed].filter((proof) => proof !== null));
  const proven = new Map(proofs.map((proof, at) => [proof, at]));
  const results = await log.prove(proofs);
  const resultOf = (proof: LogProof | null): Proven | null =>
    proof === null ? null : (results[proven.get(proof) ?? -1] ?? null);
  return lines.map((line) => look(line, resultOf(line.opened), resultOf(line.closed)));
}

export async function verifyRefusals(proofs: readonly LogProof[], log: OwnLog): Promise<readonly Refusal[]> {
  const results = await log.prove(proofs);
  return proofs.map((proof, at) => refusal(proof, results[at] ?? { holds: false, reason: 'no result' }));
}

/** `named` gives a camera's name by its id. */
export async function verifyStills(
  proofs: readonly LogProof[],
  log: OwnLog,
  named: (camera: string) => string,
): Promise<readonly Still[]> {
  const results = await log.prove(proofs);
  return proofs.map((proof, at) => still(proof, results[at] ?? { holds: false, reason: 'no result' }, named));
}

/** Newest first. */
export function together(...kinds: readonly (readonly Looked[])[]): readonly Looked[] {
  return kinds.flat().sort((left, right) => right.atUs - left.atUs);
}

/** JSON lines that `handfast log verify --openings` reads. */
export function exportLines(looked: readonly Looked[]): string {
  const proofs = looked.flatMap((line) => line.proofs);
  const ordered = [...proofs].sort((left, right) => left.index - right.index);
  return ordered.map((proof) => `${JSON.stringify(proof)}\n`).join('');
}

function look(line: AccessLine, opened: Proven | null, closed: Proven | null): Look {
  const proofs = [line.opened, line.closed].filter((proof) => proof !== null);
  try {
    if (opened === null) return asSaid(line, { state: 'erased' }, proofs);
    const entry = entryOf(opened, permitEntry);
    const end = closed === null ? null : entryOf(closed, endEntry);
    if (entry.grant.id !== line.grant || (end !== null && end.grant !== line.grant)) {
      return asSaid(line, { state: 'broken', reason: 'the entry is about another access' }, proofs);
    }
    const { grant } = entry;
    return {
      kind: 'look',
      id: grant.id,
      ...told(entry),
      view: grant.view,
      rendition: grant.rendition,
      track: grant.track ?? null,
      trackKind: grant.track_kind ?? null,
      range: grant.range_until_us === null ? null : { fromUs: grant.from_us, untilUs: grant.range_until_us },
      atUs: grant.since_us,
      endsUs: grant.until_us,
      endedUs: end?.ended_us ?? line.ended_us,
      viewedUs: end?.viewed_us ?? null,
      reason: end?.reason ?? line.reason,
      proof: { state: 'proved', index: indexOf(opened), endIndex: closed === null ? null : indexOf(closed) },
      proofs,
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return asSaid(line, { state: 'broken', reason }, proofs);
  }
}

/** The node's own words, shown only together with a proof that does not hold or is erased. */
function asSaid(line: AccessLine, proof: Proof, proofs: readonly LogProof[]): Look {
  return {
    kind: 'look',
    id: line.grant,
    name: line.name,
    role: line.role,
    agency: line.agency_name,
    camera: line.camera_name,
    purpose: line.purpose,
    title: line.incident_title,
    comment: line.comment,
    view: line.view,
    rendition: line.rendition,
    track: null,
    trackKind: null,
    range: null,
    atUs: line.since_us,
    endsUs: line.until_us,
    endedUs: line.ended_us,
    viewedUs: line.ended_us === null ? null : line.viewed_us,
    reason: line.reason,
    proof,
    proofs,
  };
}

const nobody = { name: '', role: '', agency: '', camera: '', purpose: '', title: '', comment: '' };

function still(proof: LogProof, result: Proven, named: (camera: string) => string): Still {
  const line = { kind: 'still', id: `still-${proof.index}`, ...nobody, reason: null, proofs: [proof] } as const;
  try {
    const { at_us: atUs, statement } = entryOf(result, stillEntry);
    const wish = stillWish.read(is.parseJson(fromUtf8(unb64(statement.payload)), 'statement'), 'statement');
    const proved: Proof = { state: 'proved', index: proof.index, endIndex: null };
    return { ...line, camera: named(wish.camera), device: wish.device, atUs, proof: proved };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ...line, device: '', atUs: 0, proof: { state: 'broken', reason } };
  }
}

function refusal(proof: LogProof, result: Proven): Refusal {
  const id = `refusal-${proof.index}`;
  try {
    const entry = entryOf(result, denyEntry);
    // Without a certificate that holds, nobody knows who asked.
    const who = 'name' in (result.holds ? result.proven.entry : {}) ? told(entryOf(result, denied)) : nobody;
    const { reason, explanation, at_us: atUs } = entry;
    const proved: Proof = { state: 'proved', index: proof.index, endIndex: null };
    return { kind: 'refusal', id, ...who, atUs, reason, explanation, proof: proved, proofs: [proof] };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const broken: Proof = { state: 'broken', reason };
    return { kind: 'refusal', id, ...nobody, atUs: 0, reason: '', explanation: '', proof: broken, proofs: [proof] };
  }
}

function told(entry: is.Read<typeof denied>) {
  return {
    name: entry.name,
    role: entry.role,
    agency: entry.why.agency_name,
    camera: entry.why.camera_name,
    purpose: entry.why.purpose,
    title: entry.why.incident_title,
    comment: entry.why.comment,
  };
}

function entryOf<T>(result: Proven, read: is.Reader<T>): T {
  if (!result.holds) throw new Error(result.reason);
  return read(result.proven.entry, 'log entry');
}

function indexOf(result: Proven): number {
  return result.holds ? result.proven.index : -1;
}

/** The node's answer to an access request, checked before any key in it is touched. */

import { type Bytes, fromUtf8, sha256, unb64 } from './bytes';
import { canonical } from './canonical';
import type { TrustedNode } from './chain';
import { type Envelope, open } from './envelope';
import { hpkeOpen } from './hpke';
import { proveEntry, requireEntry } from './log-proof';
import { RecordedKeys } from './recorded-keys';
import { Refused } from './refused';
import * as is from './shape';
import { type AccessRequest, type Decision, decision, type Grant } from './statements';

/** The question as this device signed it; every answer is held against it. */
export interface Asked {
  readonly statement: AccessRequest;
  /** Hash of the signed statement. */
  readonly hash: string;
}

export type Answer =
  | { readonly outcome: 'permit'; readonly grant: Grant; readonly keys: ReleasedKeys }
  | { readonly outcome: 'pending'; readonly answerByUs: number | null; readonly explanation: string }
  | { readonly outcome: 'deny'; readonly reason: string; readonly explanation: string };

/** What opens a live view: the key that wraps run keys, and the first proven window. */
export interface LiveRelease {
  readonly view: 'live';
  readonly liveKey: Bytes;
  readonly window: FirstWindow;
}

export type ReleasedKeys =
  | LiveRelease
  | { readonly view: 'recorded'; readonly recorded: RecordedKeys };

/** The release window that the decision's own entry opens. */
export interface FirstWindow {
  readonly from_us: number;
  readonly until_us: number;
}

const loggedWindow = is.atLeast({ window: is.exactly({ from_us: is.count, until_us: is.count }) });
const livePlain = is.exactly({ grant: is.uuid, live_key: is.key32 });
const recordedPlain = is.exactly({
  grant: is.uuid,
  covers: is.list(
    is.exactly({ period: is.id16, nodes: is.list(is.tuple(is.count, is.count, is.key32)) }),
  ),
  runs: is.list(is.tuple(is.id16, is.count, is.key32)),
});

/**
 * Checks a decision and opens what it releases.
 *
 *  1. the envelope is signed by the node that the countersigned agreement names
 *  2. it answers the very request that this device signed
 *  3. the grant gives what was asked: camera, stream, view, rendition, device, range
 *  4. the grant is in force
 *  5. the owner's log holds the entry: checkpoint signature, inclusion
 *  6. that entry names our request and this grant
 *  7. the sealed part opens under all of this and names the same grant
 */
export async function openDecision(
  envelope: Envelope,
  asked: Asked,
  node: TrustedNode,
  device: CryptoKeyPair,
  nowUs: number,
): Promise<Answer> {
  const { statement } = await open(envelope, decision, node.ring); // 1
  if (statement.node !== node.id || statement.request !== asked.hash) {
    throw new Refused('not-ours', 'the decision answers another request'); // 2
  }
  if (statement.outcome === 'permit') return permit(statement, asked, node, device, nowUs);
  const explanation = statement.explanation ?? '';
  return statement.outcome === 'pending'
    ? { outcome: 'pending', answerByUs: statement.answer_by_us, explanation }
    : { outcome: 'deny', reason: statement.reason ?? 'not-understood', explanation };
}

async function permit(
  statement: Decision,
  asked: Asked,
  node: TrustedNode,
  device: CryptoKeyPair,
  nowUs: number,
): Promise<Answer> {
  const { grant, log, sealed } = statement;
  if (grant === null || log === null || sealed === null) {
    throw new Refused('malformed', 'a permit without its grant, its log entry or its keys');
  }
  requireAsked(grant, asked.statement); // 3
  if (grant.until_us <= nowUs) throw new Refused('not-in-force', 'the grant has already ended'); // 4
  const proven = await proveEntry(log, node.log); // 5
  requireEntry(proven, { kind: 'decision', outcome: 'permit', request: asked.hash, grant }); // 6
  const { window } = loggedWindow(proven.entry, 'log entry');
  const info = await releaseInfo(asked.hash, grant.id, log.checkpoint);
  const plain = await hpkeOpen(device, unb64(sealed), info); // 7
  return { outcome: 'permit', grant, keys: readKeys(plain, grant, window) };
}

/** What binds a sealed release to its request, grant and log state. */
export function releaseInfo(request: string, grant: string, checkpoint: string): Promise<Bytes> {
  return sha256(canonical({ suite: 1, request, grant, checkpoint }));
}

function requireAsked(grant: Grant, asked: AccessRequest): void {
  const same = (['agreement', 'camera', 'stream', 'view', 'rendition', 'device', 'incident', 'track', 'track_kind', 'seen_in'] as const).every(
    (name) => grant[name] === asked[name],
  );
  if (!same) throw new Refused('not-ours', 'the grant opens something else than what was asked for');
  if (grant.view === 'live') return;
  const { from_us: from, until_us: until } = asked;
  if (grant.range_until_us === null || from === null || until === null) {
    throw new Refused('malformed', 'a recorded view without a range');
  }
  // A node may grant less than was asked for, never more.
  if (grant.from_us < from || grant.range_until_us > until) {
    throw new Refused('not-ours', 'the grant opens a longer range than was asked for');
  }
  // The number of a person counts in exactly one range; in another it may be somebody else.
  const isWhole = grant.from_us === from && grant.range_until_us === until;
  if (grant.track !== undefined && !isWhole) {
    throw new Refused('not-ours', 'the grant shows a person of another range than was asked for');
  }
}

function readKeys(plain: Bytes, grant: Grant, window: FirstWindow): ReleasedKeys {
  const value = is.parseJson(fromUtf8(plain), 'release');
  if (grant.view === 'live') {
    const released = livePlain(value, 'release');
    requireGrant(released.grant, grant);
    return { view: 'live', liveKey: unb64(released.live_key), window };
  }
  const released = recordedPlain(value, 'release');
  requireGrant(released.grant, grant);
  return { view: 'recorded', recorded: new RecordedKeys(released.covers, released.runs) };
}

function requireGrant(named: string, grant: Grant): void {
  if (named !== grant.id) throw new Refused('not-ours', 'the released keys belong to another grant');
}

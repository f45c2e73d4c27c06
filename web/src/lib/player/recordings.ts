/** The answer of `GET /grants/{grant}/recordings`, with every manifest's signature checked. */

import { unb64 } from '../secure/bytes';
import type { TrustedNode } from '../secure/chain';
import { open, readEnvelope } from '../secure/envelope';
import { asRefused, Refused } from '../secure/refused';
import { readHeader } from '../secure/segment';
import * as is from '../secure/shape';
import { type Grant, manifest, manifestRun } from '../secure/statements';
import type { RecordedSegment } from './timeline';

const readAnswer = is.atLeast({
  manifests: is.list(readEnvelope),
  open: is.list(is.atLeast({ header: is.b64Text, runs: is.list(manifestRun) })),
});

const readMaking = is.atLeast({ making: is.optional(is.flag) });

/** Whether more of the range is still being made at the site: the list grows, ask again. */
export function isMaking(body: unknown): boolean {
  return readMaking(body, 'recordings').making ?? false;
}

const readReason = is.atLeast({ reason: is.optional(is.orNull(is.text)) });

/** Why the rest of a redacted range will not come; null while nothing is wrong. What is listed can be had. */
export function unmadeWhy(body: unknown): string | null {
  return readReason(body, 'recordings').reason ?? null;
}

export interface Recordings {
  readonly segments: readonly RecordedSegment[];
  /** Segments left out because nothing trustworthy describes them; the tile says so. */
  readonly refused: readonly Refused[];
}

/** Reads the list; a segment whose manifest does not hold is left out and counted. */
export async function readRecordings(body: unknown, node: TrustedNode, grant: Grant): Promise<Recordings> {
  const answer = readAnswer(body, 'recordings');
  const refused: Refused[] = [];
  const checked = await Promise.all(
    answer.manifests.map(async (envelope) => {
      try {
        const { statement } = await open(envelope, manifest, node.ring);
        requireOurs(statement, grant);
        return { sealing: statement, runs: statement.runs, signed: true };
      } catch (error) {
        refused.push(asRefused(error, 'malformed', 'a manifest could not be read'));
        return null;
      }
    }),
  );
  const written = answer.open.map(({ header, runs }) => {
    const sealing = readHeader(unb64(header));
    requireOurs(sealing, grant);
    return { sealing, runs, signed: false };
  });
  // A segment may have been closed while the answer was made; its manifest wins.
  const signed = checked.filter((segment) => segment !== null);
  const known = new Set(signed.map(({ sealing }) => sealing.segment));
  const segments = [...signed, ...written.filter(({ sealing }) => !known.has(sealing.segment))];
  return { segments, refused };
}

function requireOurs(sealing: Pick<Grant, 'camera' | 'stream' | 'rendition'>, grant: Grant): void {
  const same = (['camera', 'stream', 'rendition'] as const).every((name) => sealing[name] === grant[name]);
  if (!same) throw new Refused('not-ours', 'a recording of another stream than the grant opens');
}

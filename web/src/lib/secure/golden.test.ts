// @vitest-environment node
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { unb64 } from './bytes';
import { canonical, type Json } from './canonical';
import { agreement } from './agreement';
import { type Envelope, type Kind, keyRing, open } from './envelope';
import * as statements from './statements';

interface GoldenStatement {
  readonly kind: string;
  readonly statement: string;
  readonly hash: string;
  readonly envelope: Envelope;
}

const golden = JSON.parse(
  readFileSync(new URL('../../../../tests/golden/protocol/statements.json', import.meta.url), 'utf8'),
) as { readonly signer: string; readonly statements: readonly GoldenStatement[] };

const known: readonly Kind<unknown>[] = [
  agreement,
  statements.accessRequest,
  statements.alive,
  statements.approval,
  statements.certificate,
  statements.closing,
  statements.decision,
  statements.drawing,
  statements.end,
  statements.enrolment,
  statements.incident,
  statements.login,
  statements.manifest,
  statements.ownerSwitch,
  statements.registration,
  statements.releaseWindow,
  statements.revocation,
  statements.signal,
  statements.stillWish,
];

it.each(golden.statements.map((one) => [one.kind, one] as const))(
  'opens the golden %s as the reference wrote it',
  async (name, { envelope, hash, statement }) => {
    const kind = known.find((one) => one.name === name);
    expect(kind, `no reader for ${name}`).toBeDefined();
    const opened = await open(envelope, kind as Kind<unknown>, await keyRing([golden.signer]));
    expect(opened.hash).toBe(hash);
    expect(canonical(opened.statement as Json)).toEqual(unb64(statement));
  },
);

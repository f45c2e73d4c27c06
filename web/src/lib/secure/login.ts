/** Login: a device answers a challenge that is good for one audience and one use. */

import { type Identity, signerOf } from './device';
import { seal } from './envelope';
import { Refused } from './refused';
import * as is from './shape';
import { login } from './statements';

/** A session in memory; the token is this page's secret and is never stored. */
export interface Session {
  readonly token: string;
  readonly expiresUs: number;
  readonly name: string;
  readonly role: string;
}

/** Posts JSON and returns the parsed answer; throws when the server does not agree. */
export type Post = (path: string, body: unknown) => Promise<unknown>;

const readChallenge = is.atLeast({ challenge: is.b64Text, audience: is.text, expires_us: is.count });
const readSession = is.atLeast({
  token: is.text,
  expires_us: is.count,
  name: is.text,
  role: is.text,
});

/**
 * Logs in at `audience`, for example `hub:<id>`.
 *
 * The audience comes from what the agency or the owner configured, not from the challenge: a
 * server that hands on another server's challenge would otherwise log in there as us.
 */
export async function logIn(
  post: Post,
  identity: Identity,
  audience: string,
  nowUs: number,
): Promise<Session> {
  const asked = readChallenge(await post('/login/challenge', { device: identity.fingerprint }), 'challenge');
  if (asked.audience !== audience) {
    throw new Refused('not-ours', `the challenge is for ${asked.audience}, not for ${audience}`);
  }
  const statement = {
    audience,
    challenge: asked.challenge,
    device: identity.fingerprint,
    at_us: nowUs,
  };
  const envelope = await seal(login, statement, signerOf(identity));
  const answer = readSession(await post('/login', { login: envelope, chain: identity.chain }), 'session');
  return { token: answer.token, expiresUs: answer.expires_us, name: answer.name, role: answer.role };
}

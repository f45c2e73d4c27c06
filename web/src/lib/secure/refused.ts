/** The one error of `secure/`: something was not accepted, and why. */

/** What was wrong; stable, so that tests and pages can tell the cases apart. */
export type RefusedCode =
  | 'malformed' // not of the documented form
  | 'unknown-suite' // algorithms of a newer version
  | 'unknown-type' // a payload or message type that is not expected here
  | 'unknown-key' // signed by a key that nobody vouched for
  | 'bad-signature' // a signature that does not hold
  | 'bad-proof' // a log proof or checkpoint that does not hold
  | 'bad-seal' // ciphertext, commitment or hash that does not fit its key
  | 'not-ours' // genuine, but an answer to somebody else's question
  | 'not-in-force' // before its start, after its end, or revoked
  | 'no-key'; // nothing that was released opens it

/** Thrown instead of returning anything half-checked. */
export class Refused extends Error {
  override readonly name = 'Refused';

  constructor(
    readonly code: RefusedCode,
    message: string,
  ) {
    super(message);
  }
}

/** Turns whatever was thrown into a refusal; WebCrypto throws DOMExceptions without a message. */
export function asRefused(error: unknown, code: RefusedCode, message: string): Refused {
  return error instanceof Refused ? error : new Refused(code, message);
}

// @vitest-environment node
import { beforeAll, expect, it } from 'vitest';
import { b64, concat, fromUtf8, unb64, utf8 } from './bytes';
import { type Envelope, keyRing, type KeyRing, open, pae, payloadType, seal } from './envelope';
import { end, login } from './statements';
import { signedBy, testKey, type TestKey } from './testing/site';

let signer: TestKey;
let ring: KeyRing;
const statement = { audience: 'hub:x', challenge: 'AAAA', device: b64(new Uint8Array(32)), at_us: 1 };

beforeAll(async () => {
  signer = await testKey();
  ring = await keyRing([signer.raw]);
});

it('writes the pre-authentication encoding of DSSE', () => {
  expect(fromUtf8(pae('http://example.com/HelloWorld', utf8('hello world')))).toBe(
    'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
  );
});

it('opens what it sealed', async () => {
  expect((await open(await seal(login, statement, signer), login, ring)).statement).toEqual(statement);
});

it('refuses a statement of another kind, even when signed', async () => {
  const envelope = await seal(login, statement, signer);
  await expect(open(envelope, end, ring)).rejects.toMatchObject({ code: 'unknown-type' });
  const renamed = { ...envelope, payloadType: payloadType('end') };
  await expect(open(renamed, end, ring)).rejects.toMatchObject({ code: 'bad-signature' });
});

it('refuses unknown signers, empty signatures and one flipped bit', async () => {
  const envelope = await seal(login, statement, signer);
  await expect(open(envelope, login, await keyRing([(await testKey()).raw]))).rejects.toMatchObject({ code: 'unknown-key' });
  await expect(open({ ...envelope, signatures: [] }, login, ring)).rejects.toMatchObject({ code: 'unknown-key' });
  const payload = unb64(envelope.payload);
  payload[3] = (payload[3] as number) ^ 1;
  await expect(open({ ...envelope, payload: b64(payload) }, login, ring)).rejects.toMatchObject({ code: 'bad-signature' });
});

it('refuses what is signed but not canonical, or has fields of the future', async () => {
  const spaced = concat(utf8(' '), unb64((await seal(login, statement, signer)).payload));
  await expect(open(await signBytes(spaced), login, ring)).rejects.toMatchObject({ code: 'malformed' });
  const lax = { name: 'login', read: (value: unknown) => value };
  const extra = await signedBy(lax, { ...statement, extra: 1 }, signer);
  await expect(open(extra, login, ring)).rejects.toMatchObject({ code: 'malformed' });
});

it('never signs what it could not read itself', async () => {
  await expect(seal(login, { ...statement, at_us: -1 }, signer)).rejects.toMatchObject({ code: 'malformed' });
});

async function signBytes(payload: Uint8Array<ArrayBuffer>): Promise<Envelope> {
  const type = payloadType('login');
  const sig = new Uint8Array(await crypto.subtle.sign('Ed25519', signer.key, pae(type, payload)));
  return { payloadType: type, payload: b64(payload), signatures: [{ keyid: signer.fingerprint, sig: b64(sig) }] };
}

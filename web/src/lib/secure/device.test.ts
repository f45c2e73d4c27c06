// @vitest-environment node
import { beforeAll, expect, it } from 'vitest';
import { signAsk } from './ask';
import { b64 } from './bytes';
import { createIdentity, enrolmentRequest, enrolmentText, type Identity, installChain, rawPublic } from './device';
import { type Envelope, keyRing, open } from './envelope';
import { logIn } from './login';
import { accessRequest, certificate, enrolment, login } from './statements';
import { ids, memoryStore, NOON, signedBy, testKey, TestSite } from './testing/site';

const store = memoryStore();
let identity: Identity;

beforeAll(async () => {
  identity = await createIdentity(store, 'Patrol car 7', NOON);
});

it('makes keys that cannot be taken out, and several identities side by side', async () => {
  await expect(crypto.subtle.exportKey('pkcs8', identity.sign.privateKey)).rejects.toThrow();
  await expect(crypto.subtle.exportKey('pkcs8', identity.open.privateKey)).rejects.toThrow();
  await createIdentity(store, 'Another person', NOON);
  expect(await store.all()).toHaveLength(2);
});

it('asks to be enrolled with a request that shows it holds the key', async () => {
  const text = enrolmentText(await enrolmentRequest(identity, NOON));
  const own = await keyRing([b64(await rawPublic(identity.sign))]);
  const { statement } = await open(JSON.parse(text), enrolment, own);
  expect(statement.label).toBe('Patrol car 7');
  expect(text.length).toBeLessThan(1000);
});

it('takes its own certificate and refuses somebody else’s', async () => {
  const [root, administrator] = await Promise.all([testKey(), testKey()]);
  const base = { suite: 1, serial: 1, id: ids.person, organisation: ids.agency, name: 'A. Virtanen', role: 'officer', not_before_us: NOON, not_after_us: NOON + 1 };
  const admin = await signedBy(certificate, { ...base, kind: 'administrator', sign: administrator.raw, open: null, issuer: root.fingerprint }, root);
  const holder = async (owner: Identity): Promise<Envelope> =>
    signedBy(certificate, {
      ...base, kind: 'officer-device', issuer: administrator.fingerprint,
      sign: b64(await rawPublic(owner.sign)), open: b64(await rawPublic(owner.open)),
    }, administrator);
  const certified = await installChain(store, identity, [await holder(identity), admin], root.raw, NOON);
  expect(certified.chain).toHaveLength(2);
  const other = await createIdentity(memoryStore(), 'x', NOON);
  await expect(installChain(store, identity, [await holder(other), admin], root.raw, NOON)).rejects.toMatchObject({ code: 'not-ours' });
});

it('logs in by signing the challenge of the very server it means', async () => {
  const sent: [string, unknown][] = [];
  const post = async (path: string, body: unknown): Promise<unknown> => {
    sent.push([path, body]);
    return path === '/login/challenge'
      ? { challenge: 'AAAA', audience: 'hub:1', expires_us: NOON }
      : { token: 't', expires_us: NOON, person: ids.person, name: 'A. Virtanen', role: 'officer' };
  };
  expect(await logIn(post, identity, 'hub:1', NOON)).toMatchObject({ token: 't', name: 'A. Virtanen' });
  const answer = sent[1]?.[1] as { login: unknown };
  const own = await keyRing([b64(await rawPublic(identity.sign))]);
  expect((await open(answer.login, login, own)).statement).toMatchObject({ audience: 'hub:1', challenge: 'AAAA' });
  await expect(logIn(post, identity, 'hub:2', NOON)).rejects.toMatchObject({ code: 'not-ours' });
});

it('signs an ask whose hash the decision must name', async () => {
  const site = await TestSite.create();
  const { request, device, asked_us, ...wish } = (await site.asked()).statement;
  const { ask, asked } = await signAsk(identity, wish, null, { id: request, nowUs: asked_us });
  const own = await keyRing([b64(await rawPublic(identity.sign))]);
  const opened = await open(ask.request, accessRequest, own);
  expect(opened.hash).toBe(asked.hash);
  expect(opened.statement.device).not.toBe(device);
});

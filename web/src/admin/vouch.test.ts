// @vitest-environment node
import { beforeAll, describe, expect, it } from 'vitest';
import { b64 } from '$lib/secure/bytes';
import { createIdentity, enrolmentRequest, type Identity, rawPublic } from '$lib/secure/device';
import { type KeyRing, keyRing, open } from '$lib/secure/envelope';
import { certificate, revocation } from '$lib/secure/statements';
import { ids, memoryStore, NOON } from '$lib/secure/testing/site';
import { certifyOfficer, ownRevocation, revokeDevice, wholeEnrolment } from './vouch';

const DAY_US = 86_400_000_000;
let administrator: Identity;
let officer: Identity;
let ring: KeyRing;

beforeAll(async () => {
  administrator = await createIdentity(memoryStore(), 'desk', NOON);
  officer = await createIdentity(memoryStore(), 'Patrol car 7', NOON);
  ring = await keyRing([b64(await rawPublic(administrator.sign))]);
});

describe('a certificate', () => {
  it('names the person, holds exactly the keys that asked, and lasts 90 days', async () => {
    const whole = await wholeEnrolment(await enrolmentRequest(officer, NOON));
    expect(whole.fingerprint).toBe(officer.fingerprint);
    const who = { person: ids.person, name: 'Aino Korhonen', role: 'officer' };
    const at = { agency: ids.agency, nowUs: NOON, untilUs: NOON + 365 * DAY_US };
    const { statement } = await open(await certifyOfficer(administrator, whole, who, at), certificate, ring);
    expect(statement).toMatchObject({
      kind: 'officer-device', id: ids.person, organisation: ids.agency, name: 'Aino Korhonen', role: 'officer',
      sign: b64(await rawPublic(officer.sign)), open: b64(await rawPublic(officer.open)), issuer: administrator.fingerprint,
      not_after_us: NOON + 90 * DAY_US,
    });
  });

  it('never outlives the administrator’s own', async () => {
    const whole = await wholeEnrolment(await enrolmentRequest(officer, NOON));
    const who = { person: ids.person, name: 'A', role: 'officer' };
    const at = { agency: ids.agency, nowUs: NOON, untilUs: NOON + DAY_US };
    const { statement } = await open(await certifyOfficer(administrator, whole, who, at), certificate, ring);
    expect(statement.not_after_us).toBe(NOON + DAY_US);
  });

  it('is not made for a request that its own key did not sign', async () => {
    const request = await enrolmentRequest(officer, NOON);
    const other = await enrolmentRequest(administrator, NOON);
    await expect(wholeEnrolment({ ...request, signatures: other.signatures })).rejects.toMatchObject({ name: 'Refused' });
  });
});

describe('a revocation', () => {
  it('is the complete list with a serial that only grows, even when the clock stands still', async () => {
    const first = await revokeDevice(administrator, [], 'A'.repeat(43), NOON);
    const second = await revokeDevice(administrator, [first], officer.fingerprint, NOON);
    const lists = await Promise.all([first, second].map((list) => open(list, revocation, ring)));
    const [one, two] = lists.map(({ statement }) => statement);
    expect(two?.serial).toBeGreaterThan(one?.serial ?? Infinity);
    expect(two?.revoked).toEqual(['A'.repeat(43), officer.fingerprint].sort());
  });

  it('continues the newest of this administrator’s lists and passes over those of others', async () => {
    const others = await revokeDevice(officer, [], administrator.fingerprint, NOON);
    expect(await ownRevocation([others], administrator)).toEqual({ serial: 0, revoked: [] });
  });
});

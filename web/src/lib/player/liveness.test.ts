// @vitest-environment node
import { beforeAll, describe, expect, it } from 'vitest';
import { ids, TestSite } from '../secure/testing/site';
import { Liveness, type LiveAge } from './liveness';

let site: TestSite;
beforeAll(async () => {
  site = await TestSite.create();
});

const SEGMENT = 'AAAAAAAAAAAAAAAAAAAAAA';
const TICKS_PER_MS = 90;

/** A picture `behindMs` older than the site's newest one, which was `lateMs` old when the site spoke; then time passes. */
async function judged(rendition: 'clear' | 'redacted', lateMs: number, behindMs: number, passedMs: number): Promise<LiveAge> {
  let nowMs = 1000;
  const liveness = new Liveness({
    node: site.trusted, grant: ids.grant, camera: ids.camera, stream: 'main', rendition,
    nowMs: () => nowMs, random: (length) => crypto.getRandomValues(new Uint8Array(length)), locate: () => null,
  });
  const nonce = liveness.ask();
  const pts = 900_000;
  const newest = { segment: SEGMENT, run: 3, unit: 1, pts, rendition, age_us: lateMs * 1000 };
  await liveness.answer(await site.alive(nonce, newest));
  liveness.shown({ segment: SEGMENT, run: 3, unit: 1, pts: pts - behindMs * TICKS_PER_MS });
  nowMs += passedMs;
  return liveness.age();
}

describe('a clear picture', () => {
  it('is live while it is younger than two seconds, whoever made it older', async () => {
    expect(await judged('clear', 300, 500, 1000)).toEqual({ live: true, ageMs: 1800 });
    expect(await judged('clear', 1500, 0, 500)).toEqual({ live: false, ageMs: 2000 });
  });
});

describe('a redacted picture', () => {
  it('is live although the site took two seconds to cover it, and its age is told', async () => {
    expect(await judged('redacted', 2000, 0, 1000)).toEqual({ live: true, ageMs: 3000 });
  });

  it('is not live when the site takes longer than anybody should call live', async () => {
    expect(await judged('redacted', 3600, 0, 500)).toEqual({ live: false, ageMs: 4100 });
  });

  it('is not live within two seconds of the hub keeping newer ones back', async () => {
    expect(await judged('redacted', 500, 2000, 0)).toMatchObject({ live: false });
    expect(await judged('redacted', 500, 1000, 800)).toMatchObject({ live: true });
    expect(await judged('redacted', 0, 0, 2000)).toMatchObject({ live: false });
  });
});

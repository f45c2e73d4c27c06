// @vitest-environment node
import { beforeEach, describe, expect, it } from 'vitest';
import { b64, copyOf } from '../secure/bytes';
import { ids, NOON, runFrame, segmentFrame, unitsFrame } from '../secure/testing/site';
import { LiveStory } from './testing/live-story';

let story: LiveStory;

beforeEach(async () => {
  story = await LiveStory.begin();
});

describe('the picture', () => {
  it('is drawn as soon as key, run and units are there, and is live once the node says so', async () => {
    expect(story.state.phase).toBe('connecting');
    await story.send(await story.seal(25));
    expect(story.drawn).toHaveLength(25);
    expect(story.state.phase).toBe('checking');
    story.session.ask();
    await story.answer({ age_us: 20_000 });
    expect(story.state).toMatchObject({ phase: 'live', ageMs: 20, authentic: 'unknown' });
  });

  it('waits for a key that comes late, and loses nothing', async () => {
    const run = await story.seal(3);
    await story.receive(segmentFrame(story.segment), runFrame(story.segment, run), unitsFrame(story.segment, run));
    expect(story.drawn).toEqual([]);
    await story.receive(await story.site.keyFrame(story.segment.segment, run));
    expect(story.drawn).toEqual([0, 3600, 7200]);
  });

  it('goes on over a second’s end within a group, and over a new segment', async () => {
    await story.send(await story.seal(2));
    await story.send(await story.seal(2, { key: false }));
    story.segment = story.site.segment(2, story.wallUs);
    await story.send(await story.seal(2));
    expect(story.drawn).toHaveLength(6);
    expect(story.decoders).toHaveLength(1);
  });

  it('closes every decoded picture', async () => {
    await story.second();
    expect(story.decoders[0]?.openPictures).toBe(0);
  });
});

describe('a slow viewer', () => {
  it('continues at the next keyframe after units were lost', async () => {
    const [first, second, third] = [await story.seal(4), await story.seal(2, { key: false }), await story.seal(2)];
    await story.receive(segmentFrame(story.segment));
    for (const run of [first, second, third]) await story.receive(await story.site.keyFrame(story.segment.segment, run));
    await story.receive(runFrame(story.segment, first), unitsFrame(story.segment, first, 1, 2), unitsFrame(story.segment, first, 4, 1));
    await story.receive(runFrame(story.segment, second), unitsFrame(story.segment, second));
    await story.receive(runFrame(story.segment, third), unitsFrame(story.segment, third));
    expect(story.drawn).toEqual([0, 3600, 21600, 25200]);
    expect(story.state.refused).toEqual({});
  });
});

describe('a connection that came back', () => {
  it('goes on where it stopped: the present group comes again and is not shown twice', async () => {
    const [first, second] = [await story.seal(4), await story.seal(4, { key: false })];
    await story.send(first);
    await story.receive(await story.site.keyFrame(story.segment.segment, second), runFrame(story.segment, second));
    await story.receive(unitsFrame(story.segment, second, 1, 1));
    await story.send(first);
    await story.send(second);
    await story.send(await story.seal(1, { key: false }));
    expect(story.drawn.map((pts) => pts / 3600)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('ends when the hub says that it will not send', async () => {
    await story.second();
    story.session.cut('opened-elsewhere');
    await story.session.idle();
    expect(story.state).toMatchObject({ phase: 'ended', reason: 'opened-elsewhere' });
  });
});

describe('a slow browser', () => {
  it('leaves pictures out when more are waiting, but draws ten a second', async () => {
    (story.decoders[0] as { queued: number }).queued = 10;
    await story.send(await story.seal(25));
    expect(story.drawn).toEqual([0]);
    await story.send(await story.seal(25));
    expect(story.drawn).toHaveLength(2);
  });

  it('gives a group up when a second of it waits, and continues at a keyframe', async () => {
    await story.send(await story.seal(2));
    (story.decoders[0] as { queued: number }).queued = 26;
    await story.send(await story.seal(2));
    (story.decoders[0] as { queued: number }).queued = 0;
    await story.send(await story.seal(2, { key: false }));
    await story.send(await story.seal(2));
    expect(story.drawn).toEqual([0, 3600, 21600, 25200]);
  });
});

describe('an old picture', () => {
  it('is marked within 2 s when pictures stop but the node goes on answering', async () => {
    await story.second();
    expect(story.state.phase).toBe('live');
    const stopped = story.nowMs;
    while (story.state.phase === 'live' && story.nowMs < stopped + 5000) {
      await story.seal(2);
      story.session.tick();
      await story.answer();
    }
    expect(story.state.phase).toBe('not-live');
    expect(story.nowMs - stopped).toBeLessThanOrEqual(2000);
  });

  it('is marked within 2 s when the hub falls silent', async () => {
    await story.second();
    story.pass(1800);
    expect(story.state.phase).toBe('live');
    story.pass(200);
    expect(story.state).toMatchObject({ phase: 'not-live', ageMs: 2000 });
    story.pass(3000);
    expect(story.state).toMatchObject({ phase: 'not-live', ageMs: 5000 });
  });

  it('is marked when the hub delays pictures by 3 s but passes answers at once', async () => {
    const late = [];
    for (let second = 0; second < 3; second += 1) late.push(await story.seal(25));
    for (let second = 0; second < 3; second += 1) {
      await story.send(late[second] as (typeof late)[number]);
      late.push(await story.seal(25));
      story.session.tick();
      await story.answer();
      expect(story.state).toMatchObject({ phase: 'not-live' });
      if (story.state.phase === 'not-live') expect(story.state.ageMs).toBeGreaterThanOrEqual(3000);
    }
  });

  it('is marked when the camera’s clock began anew and an old session is replayed', async () => {
    const old = story.segment;
    const replayed = [await story.seal(25), await story.seal(25)];
    story.nowMs += 10_000;
    story.restartCamera(0, story.site.segment(2, story.wallUs));
    await story.passEnvelope(5, await story.site.window(1, NOON + 10_000_000));
    for (const run of replayed) {
      // The newest picture has the very pts of the replayed one, but lies 12 s later.
      const now = await story.seal(25);
      await story.receive(segmentFrame(story.segment), await story.site.keyFrame(story.segment.segment, now));
      await story.send(run, old);
      story.session.tick();
      await story.answer();
    }
    expect(story.state).toMatchObject({ phase: 'not-live' });
    if (story.state.phase === 'not-live') expect(story.state.ageMs).toBeGreaterThan(10_000);
  });

  it('does not come back by sending a run or its units again', async () => {
    const run = await story.second();
    await story.send(run);
    await story.receive(unitsFrame(story.segment, run));
    story.session.tick();
    expect(story.drawn).toHaveLength(25);
    expect(story.state.refused).toEqual({});
  });
});

describe('an answer', () => {
  it('counts once, and only to a question asked a moment ago', async () => {
    await story.second();
    const nonce = story.nonces.at(-1) as string;
    await story.answer({}, nonce);
    await story.answer({}, b64(new Uint8Array(16)));
    story.session.ask();
    story.pass(5100);
    await story.answer({}, story.nonces.at(-7) as string);
    story.session.tick();
    expect(story.state.refused).toEqual({ 'not-ours': 3 });
  });

  it.each([
    ['another camera', { camera: '01900000-0000-7000-8000-0000000000ff' }],
    ['another stream', { stream: 'sub' }],
    ['another rendition', { rendition: 'redacted' }],
    ['another node', { node: '01900000-0000-7000-8000-0000000000ff' }],
  ])('about %s is refused', async (_, changes) => {
    await story.send(await story.seal(5));
    await story.answer(changes);
    story.pass(2000);
    expect(story.state).toMatchObject({ phase: 'not-live', refused: { 'not-ours': 1 } });
  });

  it('by another key is refused', async () => {
    await story.send(await story.seal(5));
    const other = await LiveStory.begin();
    await story.passEnvelope(7, await other.site.alive(story.nonces.at(-1) as string, { ...story.newest }));
    expect(story.state).toMatchObject({ phase: 'checking' });
    story.pass(100);
    expect(story.state.refused).toEqual({ 'unknown-key': 1 });
  });

  it('shows the age it has travelled: a slow answer makes an older picture', async () => {
    await story.send(await story.seal(25));
    story.session.ask();
    story.nowMs += 700;
    await story.answer({ age_us: 50_000 });
    expect(story.state).toMatchObject({ phase: 'live', ageMs: 750 });
  });
});

describe('authenticity', () => {
  it('is certain once the node’s hash of a finished run fits what came', async () => {
    const first = await story.second();
    await story.send(await story.seal(5));
    story.session.ask();
    await story.answer({ last: { segment: story.segment.segment, run: first.run, sha256: first.listed.sha256 } });
    expect(story.state).toMatchObject({ phase: 'live', authentic: 'yes' });
  });

  it('is gone for good when the hash is another', async () => {
    const first = await story.second();
    await story.send(await story.seal(5));
    story.session.ask();
    await story.answer({ last: { segment: story.segment.segment, run: first.run, sha256: b64(new Uint8Array(32)) } });
    expect(story.state.authentic).toBe('no');
    await story.second();
    expect(story.state.authentic).toBe('no');
  });

  it('is gone when a unit was changed on its way; the next group is shown again', async () => {
    const run = await story.seal(5);
    const frame = copyOf(unitsFrame(story.segment, run));
    frame[frame.length - 1] = (frame.at(-1) as number) ^ 1;
    await story.receive(segmentFrame(story.segment), await story.site.keyFrame(story.segment.segment, run), runFrame(story.segment, run), frame);
    await story.send(await story.seal(2));
    expect(story.drawn).toEqual([18000, 21600]);
    story.pass(100);
    expect(story.state).toMatchObject({ authentic: 'no', refused: { 'bad-seal': 1 } });
  });
});

describe('keys', () => {
  it('for pictures outside every proven window open nothing until the window comes', async () => {
    story.nowMs += 10_500;
    const run = await story.seal(3);
    await story.send(run);
    expect(story.drawn).toEqual([]);
    await story.passEnvelope(5, await story.site.window(1, NOON + 10_000_000));
    expect(story.drawn).toHaveLength(3);
  });

  it('stay shut when the window’s log entry is about another grant', async () => {
    story.nowMs += 10_500;
    await story.send(await story.seal(3));
    await story.passEnvelope(5, await story.site.window(1, NOON + 10_000_000, { grant: 'another' }));
    expect(story.drawn).toEqual([]);
    story.pass(100);
    expect(story.state.refused).toEqual({ 'not-ours': 1 });
  });
});

describe('the end as things stand', () => {
  const closes = (atUs: number, grant: string = ids.grant) => ({ closes: { grant, at_us: atUs } });

  it('is what the node signed last, and moves on with the alarm', async () => {
    await story.send(await story.seal(25));
    expect(story.state.closesUs).toBeNull();
    await story.answer({ ...closes(NOON + 60_000_000), at_us: NOON + 1 });
    story.session.ask();
    const late = story.nonces.at(-1) as string;
    story.session.ask();
    await story.answer({ ...closes(NOON + 90_000_000), at_us: NOON + 3 });
    expect(story.state.closesUs).toBe(NOON + 90_000_000);
    // An older word that was held up on the way changes nothing.
    await story.answer({ ...closes(NOON + 61_000_000), at_us: NOON + 2 }, late);
    expect(story.state.closesUs).toBe(NOON + 90_000_000);
  });

  it('is never after the grant’s own end, nor that of another grant', async () => {
    await story.send(await story.seal(25));
    await story.answer(closes(NOON + 7_200_000_000));
    expect(story.state.closesUs).toBe(NOON + 3_600_000_000);
    story.session.ask();
    await story.answer(closes(NOON + 60_000_000, '01900000-0000-7000-8000-0000000000ff'));
    expect(story.state).toMatchObject({ closesUs: NOON + 3_600_000_000 });
    story.pass(100);
    expect(story.state.refused).toEqual({ 'not-ours': 1 });
  });
});

describe('the end', () => {
  it('is the node’s word with its reason; nothing is shown after it', async () => {
    await story.second();
    await story.passEnvelope(6, await story.site.end('owner-closed'));
    expect(story.state).toMatchObject({ phase: 'ended', reason: 'owner-closed' });
    const drawn = story.drawn.length;
    await story.send(await story.seal(5));
    expect(story.drawn).toHaveLength(drawn);
  });

  it('of another grant changes nothing', async () => {
    await story.second();
    await story.passEnvelope(6, await story.site.end('owner-closed', { grant: '01900000-0000-7000-8000-0000000000ff' }));
    story.session.tick();
    expect(story.state.phase).toBe('live');
  });

  it('comes by itself when the grant’s absolute end is reached', async () => {
    await story.second();
    story.nowMs += 3_600_000;
    story.session.tick();
    expect(story.state).toMatchObject({ phase: 'ended', reason: 'time-box-ended' });
  });
});

it('says which codec cannot be played', async () => {
  story = await LiveStory.begin({ supported: false });
  await story.send(await story.seal(1));
  expect(story.state).toMatchObject({ phase: 'cannot-play', family: 'h264', codec: 'avc1.42c01e' });
});

it('starts a new decoder at the next keyframe when one has failed', async () => {
  await story.send(await story.seal(3));
  story.decoders[0]?.events.onFault(new Error('broken'));
  await story.send(await story.seal(2, { key: false }));
  await story.send(await story.seal(2));
  expect(story.decoders).toHaveLength(2);
  expect(story.drawn).toHaveLength(5);
});

it('survives noise', async () => {
  for (let type = 0; type < 12; type += 1) await story.receive(Uint8Array.of(type, 1, 2, 3), new Uint8Array(0));
  await story.second();
  expect(story.state.phase).toBe('live');
});

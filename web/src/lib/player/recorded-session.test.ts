// @vitest-environment node
import { beforeEach, describe, expect, it } from 'vitest';
import { b64, copyOf } from '../secure/bytes';
import { NOON, testKey } from '../secure/testing/site';
import { readRecordings } from './recordings';
import { FRAME_TICKS, FRAME_US, RecordedStory, TestRecording } from './testing/recording';
import { Timeline } from './timeline';

let recording: TestRecording;

beforeEach(async () => {
  recording = await TestRecording.create();
});

describe('a seek', () => {
  it('draws the last picture at or before any instant, and only that', async () => {
    await recording.record(3, NOON);
    const story = await RecordedStory.of(recording);
    for (const picture of [0, 1, 12, 13, 24, 25, 40, 74, 30]) {
      await story.session.seek(NOON + picture * FRAME_US + 39_999);
      expect(story.drawn.at(-1)).toEqual({ pts: picture * FRAME_TICKS, wallUs: NOON + picture * FRAME_US });
      expect(story.state).toMatchObject({ phase: 'paused', wallUs: NOON + picture * FRAME_US, authentic: 'yes' });
    }
    expect(story.drawn).toHaveLength(9);
  });

  it('is exact with B-pictures', async () => {
    await recording.record(2, NOON, { reordered: true });
    const story = await RecordedStory.of(recording, { delay: 3 });
    for (let picture = 0; picture < 24; picture += 1) {
      await story.session.seek(NOON + picture * FRAME_US + 1);
      expect(story.drawn.at(-1)?.pts).toBe(picture * FRAME_TICKS);
    }
  });

  it('fetches a group once, and keeps it', async () => {
    await recording.record(2, NOON);
    const story = await RecordedStory.of(recording);
    for (const at of [0, 500_000, 900_000, 1_100_000, 100_000]) await story.session.seek(NOON + at);
    expect(recording.fetched).toHaveLength(2);
  });

  it('that was overtaken draws nothing', async () => {
    await recording.record(20, NOON);
    const story = await RecordedStory.of(recording);
    const seeks = Array.from({ length: 20 }, (_, second) => story.session.seek(NOON + second * 1_000_000));
    await Promise.all(seeks);
    expect(story.drawn).toEqual([{ pts: 19 * 25 * FRAME_TICKS, wallUs: NOON + 19_000_000 }]);
  });

  it('into a gap draws the picture before it and says so', async () => {
    await recording.record(1, NOON);
    await recording.record(1, NOON + 60_000_000);
    const story = await RecordedStory.of(recording);
    await story.session.seek(NOON + 30_000_000);
    expect(story.state).toMatchObject({ phase: 'paused', wallUs: NOON + 24 * FRAME_US, gap: true });
  });

  it('before everything draws the first picture', async () => {
    await recording.record(1, NOON);
    const story = await RecordedStory.of(recording);
    await story.session.seek(NOON - 5_000_000);
    expect(story.drawn.at(-1)?.wallUs).toBe(NOON);
  });

  it('says why when the hub does not answer, and works again later', async () => {
    await recording.record(2, NOON);
    const story = await RecordedStory.of(recording);
    recording.fetchDelay = () => Promise.reject(new Error('HTTP 503'));
    await story.session.seek(NOON);
    expect(story.state).toMatchObject({ phase: 'failed', why: 'unreachable', wallUs: NOON });
    recording.fetchDelay = async () => undefined;
    await story.session.seek(NOON);
    expect(story.state.phase).toBe('paused');
  });
});

describe('stepping', () => {
  it('goes picture by picture over group boundaries, both ways', async () => {
    await recording.record(2, NOON);
    const story = await RecordedStory.of(recording);
    await story.session.seek(NOON + 23 * FRAME_US);
    for (let step = 0; step < 4; step += 1) await story.session.step(1);
    for (let step = 0; step < 4; step += 1) await story.session.step(-1);
    expect(story.drawn.map(({ pts }) => pts / FRAME_TICKS)).toEqual([23, 24, 25, 26, 27, 26, 25, 24, 23]);
  });

  it('stays at the ends', async () => {
    await recording.record(1, NOON);
    const story = await RecordedStory.of(recording);
    await story.session.seek(NOON);
    await story.session.step(-1);
    expect(story.state).toMatchObject({ phase: 'paused', wallUs: NOON });
  });

  it('forward does not decode the whole group anew each time', async () => {
    await recording.record(1, NOON);
    const story = await RecordedStory.of(recording);
    await story.session.seek(NOON);
    for (let step = 0; step < 20; step += 1) await story.session.step(1);
    expect(story.decoders[0]?.decoded.length).toBeLessThan(40);
  });

  it('keeps few decoded pictures open, and none after the end', async () => {
    await recording.record(2, NOON);
    const story = await RecordedStory.of(recording);
    for (const at of [900_000, 1_900_000]) await story.session.seek(NOON + at);
    expect(story.decoders[0]?.openPictures).toBeLessThanOrEqual(10);
    story.session.close();
    expect(story.decoders[0]?.openPictures).toBe(0);
  });
});

describe('playing', () => {
  it('shows every picture once, in order, at the pace of life', async () => {
    await recording.record(2, NOON);
    const story = await RecordedStory.of(recording, { delay: 2 });
    await story.session.seek(NOON);
    story.session.play();
    await story.play(1000);
    const pictures = story.drawn.map(({ pts }) => pts / FRAME_TICKS);
    expect(pictures).toEqual([...pictures].sort((left, right) => left - right));
    expect(pictures.length).toBeGreaterThanOrEqual(20);
    expect(pictures.at(-1)).toBeGreaterThanOrEqual(22);
    expect(pictures.at(-1)).toBeLessThanOrEqual(25);
    story.session.pause();
    expect(story.state.phase).toBe('paused');
  });

  it('goes over a gap without waiting and stops at the end', async () => {
    await recording.record(1, NOON);
    await recording.record(1, NOON + 60_000_000);
    const story = await RecordedStory.of(recording);
    await story.session.seek(NOON + 800_000);
    story.session.play();
    await story.play(2500);
    expect(story.drawn.at(-1)?.wallUs).toBe(NOON + 60_000_000 + 24 * FRAME_US);
    expect(story.playing).toBe(false);
    expect(story.state.phase).toBe('paused');
  });
});

describe('what was released', () => {
  it('bounds the timeline: no pictures without their key, nor after a missing one', async () => {
    await recording.record(4, NOON);
    const { segments } = await recording.recordings();
    const only = new Timeline(segments, recording.keys(recording.periodNodes.slice(1, 3)));
    expect(only.spans).toEqual([{ startUs: NOON + 1_000_000, untilUs: NOON + 3_000_000, signed: true }]);
  });

  it('is nothing: the view says that it is empty', async () => {
    await recording.record(1, NOON);
    const { segments } = await recording.recordings();
    const keys = recording.keys([]);
    const story = new RecordedStory(new Timeline(segments, keys), recording.source(keys));
    expect(story.state.phase).toBe('empty');
  });
});

describe('what the node signed', () => {
  it('marks the picture when the bytes have another hash, and still shows it', async () => {
    const segment = await recording.record(1, NOON);
    const runs = segment.runs.map(({ listed }) => ({ ...listed, sha256: b64(new Uint8Array(32)) }));
    const body = { manifests: [await recording.manifestOf(segment, { runs })], open: [] };
    const { segments } = await readRecordings(body, recording.site.trusted, recording.grant);
    const keys = recording.keys();
    const story = new RecordedStory(new Timeline(segments, keys), recording.source(keys));
    await story.session.seek(NOON);
    expect(story.state).toMatchObject({ phase: 'paused', authentic: 'no' });
  });

  it('leaves out a segment whose manifest somebody else signed', async () => {
    const segment = await recording.record(1, NOON);
    const body = { manifests: [await recording.manifestOf(segment, {}, await testKey())], open: [] };
    const { segments, refused } = await readRecordings(body, recording.site.trusted, recording.grant);
    expect(segments).toEqual([]);
    expect(refused.map(({ code }) => code)).toEqual(['unknown-key']);
  });

  it('is not there yet for the segment being written: neither authentic nor not', async () => {
    await recording.record(1, NOON);
    const open = await recording.record(1, NOON + 1_000_000);
    const story = await RecordedStory.of(recording, { open: [open] });
    await story.session.seek(NOON + 1_500_000);
    expect(story.state).toMatchObject({ phase: 'paused', authentic: 'unknown' });
  });

  it('does not help ciphertext that was changed', async () => {
    await recording.record(1, NOON);
    recording.damage = (bytes) => {
      const changed = copyOf(bytes);
      changed[changed.length - 1] = (changed.at(-1) as number) ^ 1;
      return changed;
    };
    const story = await RecordedStory.of(recording);
    await story.session.seek(NOON + 24 * FRAME_US);
    expect(story.state).toMatchObject({ phase: 'failed', why: 'bad-seal' });
    await story.session.seek(NOON);
    expect(story.state).toMatchObject({ phase: 'paused', authentic: 'no' });
  });

  it('names another stream: refused', async () => {
    const segment = await recording.record(1, NOON);
    const body = { manifests: [await recording.manifestOf(segment, { stream: 'sub' })], open: [] };
    const { refused } = await readRecordings(body, recording.site.trusted, recording.grant);
    expect(refused.map(({ code }) => code)).toEqual(['not-ours']);
  });
});

it('says which codec cannot be played', async () => {
  await recording.record(1, NOON);
  const story = await RecordedStory.of(recording, { supported: false });
  await story.session.seek(NOON);
  expect(story.state).toMatchObject({ phase: 'cannot-play', family: 'h264' });
});

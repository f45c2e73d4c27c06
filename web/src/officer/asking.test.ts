// @vitest-environment node
import { beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '$lib/api';
import type { Ask } from '$lib/secure/ask';
import { b64 } from '$lib/secure/bytes';
import type { Json } from '$lib/secure/canonical';
import type { Envelope } from '$lib/secure/envelope';
import { payloadHash } from '$lib/secure/envelope';
import type { Asked } from '$lib/secure/release';
import { accessRequest, decision } from '$lib/secure/statements';
import { ids, NOON, signedBy, testKey, TestSite } from '$lib/secure/testing/site';
import { Asker, type Asking, type Wish } from './asking';
import { Challenges } from './challenges';

let site: TestSite;
beforeAll(async () => {
  site = await TestSite.create();
});

type Reply = (asked: Asked) => Promise<Answer<Envelope>>;

const ok = <T,>(value: T): Answer<T> => ({ outcome: 'ok', value });

/** A hub that passes asks to a site which answers as told, one reply after the other. */
class Scene {
  readonly asks: Ask[] = [];
  readonly asked: Asked[] = [];
  nowUs = NOON;
  newest: Answer<Envelope> = { outcome: 'failed', problem: { kind: 'not-found', status: 404, title: '', detail: '' } };
  paused: (() => void)[] = [];
  readonly asker: Asker;
  /** What the browser keeps; another scene with the same is another page of it. */
  notes = new Map<string, string>();

  constructor(...replies: readonly Reply[]) {
    const left = [...replies];
    const challenge = { challenge: b64(new Uint8Array(32)), expires_us: 0 };
    this.asker = new Asker({
      identity: site.officer,
      hub: {
        access: async (_node, ask) => {
          this.asks.push(ask);
          const statement = accessRequest.read(JSON.parse(text(ask.request.payload)), 'test');
          const asked = { statement, hash: await payloadHash(ask.request) };
          this.asked.push(asked);
          return (left.length > 1 ? left.shift()! : left[0]!)(asked);
        },
        decision: async () => this.newest,
      },
      challenges: new Challenges(async () => ok(challenge), () => 0),
      notes: { getItem: (name) => this.notes.get(name) ?? null, setItem: (name, value) => void this.notes.set(name, value) },
      nowUs: () => this.nowUs,
      newId: () => ids.request,
      pause: () => new Promise((resolve) => this.paused.push(resolve)),
    });
  }

  ask(changes: Partial<Wish> = {}, signal = new AbortController().signal): Promise<Asking> {
    const wish: Wish = {
      node: site.trusted, camera: ids.camera, stream: 'main', view: 'live', rendition: 'clear', purpose: 'emergency', incident: ids.incident,
      statement: null, range: null, byOwner: false, ...changes,
    };
    return this.asker.ask(wish, signal);
  }
}

function text(payload: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0)));
}

async function said(asked: Asked, changes: Record<string, Json>): Promise<Answer<Envelope>> {
  const statement = {
    node: ids.node, request: asked.hash, outcome: 'deny', reason: null, explanation: null, answer_by_us: null, grant: null,
    log: null, sealed: null, decided_us: NOON, ...changes,
  };
  return ok(await signedBy(decision, statement, site.nodeKey));
}

const permit: Reply = async (asked) => ok(await site.permit(asked, site.grant(asked)));
const deny = (reason: string): Reply => (asked) => said(asked, { reason, explanation: 'Because.' });
const pending: Reply = (asked) => said(asked, { outcome: 'pending', answer_by_us: NOON + 60_000_000 });

describe('asking a node', () => {
  it('opens what the node released to this very request', async () => {
    const answer = await new Scene(permit).ask();
    expect(answer).toMatchObject({ outcome: 'permit', grant: { id: ids.grant }, keys: { view: 'live' } });
  });

  it('names view, range and stream as they were wished for', async () => {
    const scene = new Scene(deny('nothing-recorded'));
    await scene.ask({ view: 'recorded', stream: 'sub', range: { fromUs: NOON - 5, untilUs: NOON } });
    expect(scene.asked[0]!.statement).toMatchObject({ view: 'recorded', stream: 'sub', from_us: NOON - 5, until_us: NOON });
  });

  it('hands on a denial with its reason', async () => {
    const answer = await new Scene(deny('signal-not-active')).ask();
    expect(answer).toEqual({ outcome: 'deny', reason: 'signal-not-active', explanation: 'Because.' });
  });

  it('takes a fresh challenge once when the node does not know the one it got', async () => {
    const scene = new Scene(deny('challenge-unknown'), permit);
    expect((await scene.ask()).outcome).toBe('permit');
    expect(scene.asks).toHaveLength(2);
    const stubborn = new Scene(deny('challenge-unknown'));
    expect(await stubborn.ask()).toMatchObject({ reason: 'challenge-unknown' });
    expect(stubborn.asks).toHaveLength(2);
  });

  it('accepts nothing that another key has signed', async () => {
    const other = await testKey();
    const scene = new Scene(async (asked) => ok(await site.permit(asked, site.grant(asked), { node: other })));
    expect(await scene.ask()).toEqual({ outcome: 'failed', code: 'unknown-key' });
  });

  it('accepts no answer to an earlier request', async () => {
    const before = await site.asked({ comment: 'earlier' });
    const scene = new Scene(async () => ok(await site.permit(before, site.grant(before))));
    expect(await scene.ask()).toEqual({ outcome: 'failed', code: 'not-ours' });
  });

  it('says when the hub cannot be reached', async () => {
    const scene = new Scene(async () => ({ outcome: 'failed', problem: { kind: 'offline', status: 0, title: '', detail: '' } }));
    expect(await scene.ask()).toEqual({ outcome: 'failed', code: 'unreachable' });
  });
});

describe('a request that waits for the owner', () => {
  it('opens by itself when the hub tells that the owner said yes', async () => {
    const scene = new Scene(pending);
    const answer = await scene.ask();
    if (answer.outcome !== 'pending') throw new Error(answer.outcome);
    expect(answer.answerByUs).toBe(NOON + 60_000_000);
    const [asked] = scene.asked;
    const later = await permit(asked!);
    if (later.outcome === 'ok') scene.asker.decided(asked!.hash, later.value);
    expect((await answer.settled).outcome).toBe('permit');
  });

  it('waits on when the hub repeats that it waits, or makes something up', async () => {
    const scene = new Scene(pending);
    const answer = await scene.ask();
    if (answer.outcome !== 'pending') throw new Error(answer.outcome);
    const [asked] = scene.asked;
    const again = await pending(asked!);
    if (again.outcome === 'ok') scene.asker.decided(asked!.hash, again.value);
    await expect.poll(() => scene.paused.length).toBe(2);
    const no = await deny('approval-refused')(asked!);
    if (no.outcome === 'ok') scene.asker.decided(asked!.hash, no.value);
    expect(await answer.settled).toMatchObject({ reason: 'approval-refused' });
  });

  it('looks by itself for an answer that was lost on the way', async () => {
    const scene = new Scene(pending);
    const answer = await scene.ask();
    if (answer.outcome !== 'pending') throw new Error(answer.outcome);
    scene.newest = await permit(scene.asked[0]!);
    scene.paused.forEach((resolve) => resolve());
    expect((await answer.settled).outcome).toBe('permit');
  });

  it('is over some time after the owner could have answered', async () => {
    const scene = new Scene(pending);
    const answer = await scene.ask();
    if (answer.outcome !== 'pending') throw new Error(answer.outcome);
    scene.nowUs = NOON + 71_000_000;
    scene.paused.forEach((resolve) => resolve());
    expect(await answer.settled).toMatchObject({ reason: 'approval-not-given' });
  });

  it('is one request, whoever else wants the same while it waits', async () => {
    const scene = new Scene(pending);
    const range = { fromUs: NOON - 60_000_000, untilUs: NOON };
    const first = scene.ask({ byOwner: true, view: 'recorded', range });
    const joined = scene.ask({ byOwner: true, view: 'recorded', range: { fromUs: NOON - 59_000_000, untilUs: NOON + 5 } });
    expect(await joined).toBe(await first);
    expect(scene.asks).toHaveLength(1);
    await scene.ask({ byOwner: true, view: 'live' });
    await scene.ask({ byOwner: true, view: 'recorded', range: { fromUs: NOON - 90_000_000, untilUs: NOON } });
    await scene.ask({ byOwner: true, camera: ids.grant, view: 'live' });
    expect(scene.asks).toHaveLength(4);
  });

  it('is about one person of exactly one range, who is somebody else in another', async () => {
    const scene = new Scene(pending);
    const one = { byOwner: true, view: 'recorded', rendition: 'unmasked', range: { fromUs: NOON - 60, untilUs: NOON }, comment: 'why' } as const;
    await scene.ask({ ...one, track: 12 });
    await scene.ask({ ...one, track: 12, comment: 'said anew' });
    expect(scene.asked.map(({ statement }) => [statement.track, statement.comment])).toEqual([[12, 'why']]);
    await scene.ask({ ...one, track: 13 });
    await scene.ask({ ...one, track: 12, range: { fromUs: NOON - 50, untilUs: NOON } });
    await scene.ask({ ...one, track: 12, range: { fromUs: NOON - 60, untilUs: NOON + 1 } });
    expect(scene.asks).toHaveLength(4);
    const other = new Scene(pending);
    other.notes = scene.notes;
    other.newest = await pending(scene.asked[1]!);
    await other.ask({ ...one, track: 13 });
    await other.ask({ ...one, track: 14 });
    expect(other.asked.map(({ statement }) => statement.track)).toEqual([14]);
  });

  it('may be asked anew once the owner has answered', async () => {
    const scene = new Scene(pending, pending);
    const answer = await scene.ask({ byOwner: true });
    if (answer.outcome !== 'pending') throw new Error(answer.outcome);
    const no = await deny('approval-refused')(scene.asked[0]!);
    if (no.outcome === 'ok') scene.asker.decided(scene.asked[0]!.hash, no.value);
    await answer.settled;
    await scene.ask({ byOwner: true });
    expect(scene.asks).toHaveLength(2);
  });

  it('is waited for by whoever asks again after it was closed', async () => {
    const scene = new Scene(pending);
    const closed = new AbortController();
    await scene.ask({ byOwner: true }, closed.signal);
    closed.abort();
    const again = await scene.ask({ byOwner: true });
    if (again.outcome !== 'pending') throw new Error(again.outcome);
    const yes = await permit(scene.asked[0]!);
    if (yes.outcome === 'ok') scene.asker.decided(scene.asked[0]!.hash, yes.value);
    expect((await again.settled).outcome).toBe('permit');
    expect(scene.asks).toHaveLength(1);
  });

  it('is joined by another page of this browser, and forgotten once it is answered', async () => {
    const scene = new Scene(pending);
    await scene.ask({ byOwner: true });
    const asked = scene.asked[0]!;
    const other = new Scene(pending);
    other.notes = scene.notes;
    other.newest = await pending(asked);
    const joined = await other.ask({ byOwner: true });
    if (joined.outcome !== 'pending') throw new Error(joined.outcome);
    expect(other.asks).toEqual([]);
    const yes = await permit(asked);
    if (yes.outcome === 'ok') other.asker.decided(asked.hash, yes.value);
    expect((await joined.settled).outcome).toBe('permit');
    await other.ask({ byOwner: true });
    expect(other.asks).toHaveLength(1);
  });

  it('opens at once on a page that is loaded after the owner has said yes', async () => {
    const scene = new Scene(pending);
    await scene.ask({ byOwner: true });
    const other = new Scene(pending);
    other.notes = scene.notes;
    other.newest = await permit(scene.asked[0]!);
    expect((await other.ask({ byOwner: true })).outcome).toBe('permit');
    expect(other.asks).toEqual([]);
  });

  it('is asked anew when the hub knows nothing of it, or what is kept cannot be read', async () => {
    const scene = new Scene(pending);
    await scene.ask({ byOwner: true });
    const other = new Scene(pending);
    other.notes = scene.notes;
    await other.ask({ byOwner: true });
    expect(other.asks).toHaveLength(1);
    const third = new Scene(pending);
    third.notes = new Map([['handfast.pendingAsks', '{"of":"another version"}']]);
    await third.ask({ byOwner: true });
    expect(third.asks).toHaveLength(1);
  });
});

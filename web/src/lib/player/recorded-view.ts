/** A recorded view on real parts: the hub's HTTP, this browser's decoder, a canvas. */

import type { TrustedNode } from '../secure/chain';
import type { RecordedKeys } from '../secure/recorded-keys';
import type { Grant } from '../secure/statements';
import { chooseDecoder } from './choose-decoder';
import { type FetchBytes, GroupSource } from './group-source';
import { RecordedSession, type RecordedState } from './recorded-session';
import { readRecordings } from './recordings';
import { screenOn } from './screen';
import { Timeline } from './timeline';

export interface RecordedViewOptions {
  readonly node: TrustedNode;
  readonly grant: Grant;
  readonly keys: RecordedKeys;
  readonly canvas: HTMLCanvasElement;
  /** Parsed answer of `GET /grants/{grant}/recordings`. */
  readonly recordings: unknown;
  /** Whether more of the range is being made. */
  readonly growing: boolean;
  readonly fetchBytes: FetchBytes;
  readonly onState: (state: RecordedState) => void;
}

export interface RecordedView {
  readonly session: RecordedSession;
  /** What there is now. */
  readonly timeline: Timeline;
  /** Takes a later list of a range that is being made; tells whether there is more now. */
  extend(recordings: unknown, growing: boolean): Promise<boolean>;
  /** Segments left out because their manifest does not hold. */
  readonly refused: number;
  stop(): void;
}

export async function watchRecorded(options: RecordedViewOptions): Promise<RecordedView> {
  const { segments, refused } = await readRecordings(options.recordings, options.node, options.grant);
  let timeline = new Timeline(segments, options.keys);
  const screen = screenOn(options.canvas);
  const session = new RecordedSession({
    timeline,
    growing: options.growing,
    source: new GroupSource(options.fetchBytes, options.keys),
    decoder: chooseDecoder('throughput'),
    draw: (picture, wallUs) => screen.draw(picture, wallUs),
    onState: options.onState,
    nowMs: () => performance.now(),
    everyFrame,
  });
  return {
    session,
    get timeline() {
      return timeline;
    },
    async extend(recordings, growing) {
      const later = await readRecordings(recordings, options.node, options.grant);
      const before = timeline;
      timeline = new Timeline(later.segments, options.keys, before);
      session.extend(timeline, growing);
      return timeline.untilUs > before.untilUs;
    },
    refused: refused.length,
    stop() {
      session.close();
      screen.blank();
    },
  };
}

function everyFrame(callback: () => void): () => void {
  let request = requestAnimationFrame(function again() {
    callback();
    request = requestAnimationFrame(again);
  });
  return () => cancelAnimationFrame(request);
}

/** Fetches pieces of segments from the hub with a session's token. */
export function hubBytes(origin: string, grant: string, token: () => string): FetchBytes {
  return async (segment, offset, length, signal) => {
    const address = `${origin}/api/v1/grants/${grant}/segments/${segment}?offset=${offset}&length=${length}`;
    const headers = { authorization: `Bearer ${token()}` };
    const response = await fetch(address, { headers, signal, cache: 'no-store' });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  };
}

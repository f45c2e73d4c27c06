/** The clip that the test serves, and how its pictures are told apart. */

import type { Bytes } from '../../secure/bytes';
import { keyRing } from '../../secure/envelope';
import { RecordedKeys } from '../../secure/recorded-keys';
import type { Grant } from '../../secure/statements';
import { ids, TestSite } from '../../secure/testing/site';
import { type Pace, webCodecs } from '../decoder';
import { GroupSource } from '../group-source';
import { mediaSource } from '../mse';
import type { MakeDecoder, PlainUnit } from '../picture';
import { readRecordings } from '../recordings';
import { Timeline } from '../timeline';

export interface Clip {
  readonly nodeKey: string;
  readonly grant: Grant;
  readonly covers: { readonly period: string; readonly nodes: [number, number, string][] }[];
  readonly recordings: unknown;
  readonly startUs: number;
  readonly pictures: number;
  readonly avcC: string;
}

const BITS = 16;
const BAR_HEIGHT = 64;
export const FRAME_US = 40_000;
export const FRAME_TICKS = 3600;

/** The number that the bars of the canvas spell, or -1. */
export function readBars(canvas: HTMLCanvasElement): number {
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  const bar = Math.floor(canvas.width / (BITS + 2));
  const { data } = context.getImageData(0, BAR_HEIGHT / 2, canvas.width, 1);
  const bit = (index: number): boolean => (data[(index * bar + (bar >> 1)) * 4] as number) > 128;
  if (!bit(BITS) || bit(BITS + 1)) return -1;
  return Array.from({ length: BITS }, (_, index) => bit(index)).reduce((sum, on) => sum * 2 + (on ? 1 : 0), 0);
}

export function newCanvas(): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  document.body.append(canvas);
  return canvas;
}

async function loadClip(): Promise<Clip> {
  return (await (await fetch('/clip.json')).json()) as Clip;
}

async function fetchBytes(segment: string, offset: number, length: number, signal: AbortSignal): Promise<Bytes> {
  const response = await fetch(`/segments/${segment}?offset=${offset}&length=${length}`, { signal });
  return new Uint8Array(await response.arrayBuffer());
}

export interface Opened {
  readonly clip: Clip;
  readonly timeline: Timeline;
  readonly source: GroupSource;
}

export async function openClip(): Promise<Opened> {
  const clip = await loadClip();
  const site = await TestSite.create();
  const node = { ...site.trusted, id: ids.node, ring: await keyRing([clip.nodeKey]) };
  const { segments, refused } = await readRecordings(clip.recordings, node, clip.grant);
  if (refused.length > 0) throw refused[0];
  const keys = new RecordedKeys(clip.covers, []);
  return { clip, timeline: new Timeline(segments, keys), source: new GroupSource(fetchBytes, keys) };
}

export type Way = 'throughput' | 'latency' | 'mse';

export function decoderFor(way: Way, pace: Pace): MakeDecoder {
  return way === 'mse' ? mediaSource(pace) : webCodecs(way);
}

/** Plain units of the whole clip, for what is sealed anew in this page. */
export async function plainUnits(opened: Opened): Promise<PlainUnit[]> {
  const units: PlainUnit[] = [];
  for (const group of opened.timeline.groups) {
    const plain = await opened.source.load(group, new AbortController().signal);
    units.push(...(await Promise.all(Array.from({ length: plain.length }, (_, index) => plain.unit(index)))));
  }
  return units;
}

import axe from 'axe-core';
import { flushSync, type Component } from 'svelte';
import { afterEach, describe, expect, it } from 'vitest';
import { board, cameras } from '../../dev/samples';
import { stage, type Staged } from '../../dev/stage';
import { ready } from '$lib/loadable';
import type { Camera, Rendition } from '$lib/types';
import type { Desk } from './desk.svelte';
import IncidentActions from './IncidentActions.svelte';
import type { VideoWall } from './wall.svelte';
import { wallKey } from './wall-keys';

let shown: Staged | undefined;
afterEach(() => {
  shown?.close();
  shown = undefined;
});

type Watched = readonly [cameras: readonly string[], wanted: Rendition | undefined];

/** The panel of an incident with these cameras beside it. */
function show(...changes: readonly Partial<Camera>[]): { element: HTMLElement; watched: Watched[]; press: (words: string) => void } {
  const [first] = cameras(1);
  const made = board(0);
  const { spot } = made;
  if (!first || !spot?.incident) throw new Error('the samples have a camera and an incident');
  const at = spot.at;
  made.cameras = ready(changes.map((each, index) => ({ ...first, at, id: `camera-${index}`, ...each })));
  const watched: Watched[] = [];
  const watch: Desk['watch'] = (_incident, ids, wanted) => void watched.push([ids, wanted]);
  const desk = { wall: { tiles: [] }, watch } as unknown as Desk;
  shown = stage(IncidentActions as unknown as Component<Record<string, unknown>>, { board: made, desk, incident: spot.incident });
  const { element } = shown;
  const press = (words: string): void => {
    [...element.querySelectorAll('button')].find((button) => button.textContent?.includes(words))?.click();
    flushSync();
  };
  return { element, watched, press };
}

const words = (element: HTMLElement): string => (element.textContent ?? '').replace(/\s+/g, ' ');

describe('what can be done for an incident', () => {
  it('says whether what opens by itself is clear, redacted or both', () => {
    expect(words(show({ state: 'shared', opens: 'redacted' }).element)).toContain('Redacted: people are covered at the site.');
    shown?.close();
    expect(words(show({ state: 'shared', opens: 'clear' }).element)).toContain('faces can be recognised');
    shown?.close();
    const both = show({ state: 'shared', opens: 'clear' }, { state: 'shared', opens: 'redacted' });
    expect(words(both.element)).toContain('1 of 2 redacted');
    both.press('Watch 2 cameras');
    expect(both.watched).toEqual([[['camera-0', 'camera-1'], undefined]]);
  });

  it('offers to ask for redacted pictures first, for clear ones in a second step', async () => {
    const { element, watched, press } = show(
      { state: 'request', asks: ['redacted', 'clear'] },
      { state: 'request', asks: ['clear'] },
    );
    const offered = [...element.querySelectorAll('button')].map((button) => button.textContent?.trim().replace(/\s+/g, ' '));
    expect(offered.slice(0, 2)).toEqual(['Ask for redacted pictures of 1 camera A', 'Ask for clear pictures of 2 cameras']);
    press('Ask for redacted pictures');
    expect(watched).toEqual([[['camera-0'], 'redacted']]);
    press('Ask for clear pictures');
    expect(watched).toHaveLength(1);
    expect(words(element)).toContain('Clear pictures show faces');
    const off = { enabled: false };
    const { violations } = await axe.run(element, { rules: { 'color-contrast': off, region: off } });
    expect(violations.map(({ id }) => id)).toEqual([]);
    press('Ask the owners');
    expect(watched[1]).toEqual([['camera-0', 'camera-1'], 'clear']);
  });
});

it('has a key for asking for the clear picture of the tile that is chosen', () => {
  const section = document.createElement('section');
  const pressed: string[] = [];
  for (const id of ['one', 'two']) {
    const tile = document.createElement('div');
    tile.dataset['camera'] = id;
    const button = document.createElement('button');
    button.dataset['action'] = 'clear';
    button.onclick = () => void pressed.push(id);
    tile.append(button);
    section.append(tile);
  }
  const wall = { current: { id: 'two' }, playback: {} } as unknown as VideoWall;
  expect(wallKey(new KeyboardEvent('keydown', { key: 'c' }), wall, section)).toBe(true);
  expect(pressed).toEqual(['two']);
});

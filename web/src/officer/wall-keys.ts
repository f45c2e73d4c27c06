/** The wall without a mouse. Arrows choose a tile, the rest is as players have it. */

import type { VideoWall } from './wall.svelte';
import { LAYOUTS } from './layouts';

/** Does what a key stands for; false when it stands for nothing here. */
export function wallKey(event: KeyboardEvent, wall: VideoWall, section: HTMLElement): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  // A slider and a button have keys of their own.
  const on = event.target instanceof Element ? event.target.tagName : '';
  // What is typed into a dialog of a tile is not meant for the wall.
  if (event.target instanceof Element && event.target.closest('dialog')) return false;
  if (on === 'INPUT' || on === 'SELECT' || (on === 'BUTTON' && [' ', 'Enter'].includes(event.key))) return false;
  const layout = LAYOUTS.find((size) => String(size) === event.key);
  if (layout) wall.show(layout);
  else return act(event.key, wall, section);
  return true;
}

function act(key: string, wall: VideoWall, section: HTMLElement): boolean {
  const { playback, current } = wall;
  switch (key.toLowerCase()) {
    case 'arrowright':
    case 'arrowdown':
      wall.move(1);
      return focus(wall, section);
    case 'arrowleft':
    case 'arrowup':
      wall.move(-1);
      return focus(wall, section);
    case 'enter':
    case 'f':
      button(wall, section)?.click();
      return true;
    case 'c':
      button(wall, section, 'clear')?.click();
      return true;
    case 'p':
      button(wall, section, 'one')?.click();
      return true;
    case 'j':
      void playback.back(10);
      return true;
    case 'l':
      playback.live();
      return true;
    case ' ':
    case 'k':
      playback.toggle();
      return true;
    case '.':
      void playback.step(1);
      return true;
    case ',':
      void playback.step(-1);
      return true;
    case 'x':
      if (current) wall.remove(current);
      return true;
    default:
      return false;
  }
}

function button(wall: VideoWall, section: HTMLElement, action: 'whole' | 'clear' | 'one' = 'whole'): HTMLButtonElement | null {
  const id = wall.current?.id;
  const tiles = [...section.querySelectorAll<HTMLElement>('[data-camera]')];
  const tile = tiles.find((each) => each.dataset['camera'] === id);
  return tile?.querySelector<HTMLButtonElement>(`[data-action="${action}"]`) ?? null;
}

/** The selected tile takes the focus, so that it is read aloud and stays where keys go. */
function focus(wall: VideoWall, section: HTMLElement): true {
  requestAnimationFrame(() => button(wall, section)?.focus());
  return true;
}

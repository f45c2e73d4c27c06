import { afterEach, describe, expect, it, vi } from 'vitest';
import { wallKey } from './wall-keys';
import { VideoWall } from './wall.svelte';

afterEach(() => document.body.replaceChildren());

/** What is pressed on an element of the wall. */
function press(key: string, on: HTMLElement, section: HTMLElement, wall: VideoWall): boolean {
  let done = false;
  section.addEventListener('keydown', (event) => (done = wallKey(event, wall, section)), { once: true });
  on.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
  return done;
}

function laid(...children: HTMLElement[]): { section: HTMLElement; wall: VideoWall; live: ReturnType<typeof vi.spyOn> } {
  const section = document.createElement('section');
  section.append(...children);
  document.body.append(section);
  const wall = new VideoWall(() => 0);
  return { section, wall, live: vi.spyOn(wall.playback, 'live') };
}

describe('a key on the wall', () => {
  it('does what it stands for', () => {
    const tile = document.createElement('div');
    const { section, wall, live } = laid(tile);
    expect(press('l', tile, section, wall)).toBe(true);
    expect(live).toHaveBeenCalledOnce();
  });

  it('is a letter like any other in a dialog of a tile', () => {
    const dialog = document.createElement('dialog');
    const field = document.createElement('textarea');
    dialog.append(field);
    const { section, wall, live } = laid(dialog);
    expect([press('l', field, section, wall), press('4', field, section, wall)]).toEqual([false, false]);
    expect(live).not.toHaveBeenCalled();
  });
});

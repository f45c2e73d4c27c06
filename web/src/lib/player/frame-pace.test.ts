import { describe, expect, it } from 'vitest';
import { onePerFrame } from './frame-pace';
import type { Picture } from './picture';

function scene(): { draw: (pts: number) => void; refresh: () => void; drawn: number[]; clear: () => void } {
  const drawn: number[] = [];
  let callbacks: (() => void)[] = [];
  const pace = onePerFrame(({ pts }) => void drawn.push(pts), (callback) => void callbacks.push(callback));
  const source = document.createElement('canvas');
  const picture = (pts: number): Picture => ({ pts, source, width: 1, height: 1, close: () => undefined });
  return {
    drawn,
    draw: (pts) => pace.draw(picture(pts)),
    refresh: () => callbacks.splice(0).forEach((callback) => callback()),
    clear: () => pace.clear(),
  };
}

describe('one picture per refresh', () => {
  it('draws at once while the screen keeps up', () => {
    const { draw, refresh, drawn } = scene();
    for (const pts of [1, 2, 3]) {
      draw(pts);
      expect(drawn.at(-1)).toBe(pts);
      refresh();
    }
  });

  it('draws only the newest of what came between two refreshes', () => {
    const { draw, refresh, drawn } = scene();
    [1, 2, 3, 4].forEach(draw);
    expect(drawn).toEqual([1]);
    refresh();
    expect(drawn).toEqual([1, 4]);
    draw(5);
    expect(drawn).toEqual([1, 4]);
    refresh();
    expect(drawn).toEqual([1, 4, 5]);
  });

  it('draws nothing more once access has ended', () => {
    const { draw, refresh, drawn, clear } = scene();
    [1, 2].forEach(draw);
    clear();
    refresh();
    expect(drawn).toEqual([1]);
  });
});

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const css = readFileSync(resolve(import.meta.dirname, 'tokens.css'), 'utf8');

function theme(name: string): Map<string, string> {
  const block = css.split(`[data-theme='${name}'] {`)[1]?.split('}')[0] ?? '';
  return new Map([...block.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)].map((m) => [m[1]!, m[2]!]));
}

/** Relative luminance and contrast, WCAG 2.2. */
function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

const GROUNDS = ['ground', 'surface', 'raised', 'pressed'];
const PAIRS: [string, string][] = [
  ...['text', 'text-second'].flatMap((text) => GROUNDS.map((g): [string, string] => [text, g])),
  ...['ground', 'surface', 'raised'].map((g): [string, string] => ['text-quiet', g]),
  ['action-text', 'action-strong'],
  ['action-text', 'action-hover'],
  ['action', 'surface'],
  ['action', 'ground'],
  ['incident-text', 'incident-wash'],
  ['incident-text', 'raised'],
  ['good-text', 'good-wash'],
  ['warn-text', 'warn-wash'],
  ['note-text', 'note-wash'],
  ['text', 'incident-wash'],
  ['text-second', 'incident-wash'],
];
const SIGNS = ['shared', 'request', 'alarm', 'offline', 'incident', 'line-strong'];

describe.each(['dark', 'light'])('the %s theme', (name) => {
  const colours = theme(name);

  it.each(PAIRS)('writes %s on %s with a contrast of 4.5 or more', (text, ground) => {
    expect(contrast(colours.get(text)!, colours.get(ground)!)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(SIGNS)('shows %s on surfaces with a contrast of 3 or more', (sign) => {
    for (const ground of ['surface', 'ground', 'raised']) {
      expect(contrast(colours.get(sign)!, colours.get(ground)!)).toBeGreaterThanOrEqual(3);
    }
  });
});

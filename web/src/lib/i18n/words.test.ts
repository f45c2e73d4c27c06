import { describe, expect, it } from 'vitest';
import { en } from './en';
import { fi } from './fi';
import { clockText, preferredLocale, Words } from './words.svelte';

/** Every leaf of a catalogue with its path; functions are called with plausible values. */
function leaves(node: object, path = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(node)) {
    const here = path ? `${path}.${key}` : key;
    if (typeof value === 'string') found.set(here, value);
    else if (typeof value === 'function') {
      const spoken = value as (...values: unknown[]) => string;
      found.set(here, spoken(2, 3, 4, 5));
    } else for (const [deeper, text] of leaves(value as object, here)) found.set(deeper, text);
  }
  return found;
}

describe('the catalogues', () => {
  it('say something for every key, in both languages', () => {
    const [english, finnish] = [leaves(en), leaves(fi)];
    expect([...finnish.keys()].sort()).toEqual([...english.keys()].sort());
    for (const text of [...english.values(), ...finnish.values()]) {
      expect(text.trim()).not.toBe('');
      expect(text).not.toContain('undefined');
    }
  });

  it('are translated: few sentences are the same in both', () => {
    const [english, finnish] = [leaves(en), leaves(fi)];
    const same = [...english].filter(([key, text]) => finnish.get(key) === text).map(([key]) => key);
    expect(same.filter((key) => !/product|languageName|metres|minutes|hours/.test(key))).toEqual([]);
  });

  it('count one and many', () => {
    expect(en.camera.count(1)).toBe('1 camera');
    expect(en.camera.count(2)).toBe('2 cameras');
    expect(fi.camera.count(1)).toBe('1 kamera');
    expect(fi.camera.count(2)).toBe('2 kameraa');
  });
});

describe('the choice of language', () => {
  it('is what was chosen, else what the browser prefers, else English', () => {
    expect(preferredLocale('fi', ['en-US'])).toBe('fi');
    expect(preferredLocale(null, ['sv-SE', 'fi-FI', 'en'])).toBe('fi');
    expect(preferredLocale('xx', ['sv'])).toBe('en');
  });

  it('changes the words, the document and the way of writing numbers', () => {
    const words = new Words('en');
    expect(words.number(1234)).toBe('1,234');
    words.choose('fi');
    expect(words.t.camera.states.request).toBe('Pyynnöstä');
    expect(document.documentElement.lang).toBe('fi');
    expect(words.number(1234)).toMatch(/^1\s234$/u);
    expect(new Words().locale).toBe('fi');
    words.choose('en');
  });
});

describe('durations', () => {
  it.each([
    [0, '00:00'],
    [65, '01:05'],
    [3599, '59:59'],
    [3600, '1:00:00'],
  ])('%i s are written %s', (seconds, text) => {
    expect(clockText(seconds)).toBe(text);
  });
});

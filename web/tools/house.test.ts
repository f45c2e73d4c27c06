import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { measure } from './budget.mjs';

const WEB = resolve(import.meta.dirname, '..');
const SOURCES = readdirSync(join(WEB, 'src'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.(?:ts|svelte|css)$/.test(entry.name))
  .map((entry) => {
    const path = join(entry.parentPath, entry.name);
    return { path: relative(WEB, path), text: readFileSync(path, 'utf8') };
  });

/** Paths of the sources in which `wrong` is found; tests and paths that begin as allowed are left out. */
function offenders(wrong: RegExp, ...allowed: string[]): string[] {
  return SOURCES.filter(({ path }) => !path.endsWith('.test.ts') && !allowed.some((start) => path.startsWith(start)))
    .filter(({ text }) => wrong.test(text))
    .map(({ path }) => path);
}

describe('the sources', () => {
  it('hold no inline style, which the policy of the pages forbids', () => {
    expect(offenders(/\sstyle=["'{]/)).toEqual([]);
  });

  it('hold no markup made from text', () => {
    expect(offenders(/\{@html|\.innerHTML|insertAdjacentHTML|document\.write/)).toEqual([]);
  });

  it('name colours in one place for pages, one for the map, and where they lie on pictures', () => {
    const places = ['src/lib/ui/tokens.css', 'src/lib/map/palette.ts', 'src/lib/player/'];
    expect(offenders(/#[0-9a-f]{6}\b/i, ...places)).toEqual([]);
  });

  it('take icons one by one: the whole set costs minutes of building', () => {
    expect(offenders(/from '@lucide\/svelte'/)).toEqual([]);
  });

  it('stay short enough to be read at once', () => {
    const long = SOURCES.filter(({ path, text }) => !/i18n/.test(path) && text.split('\n').length > 401);
    expect(long.map(({ path }) => path)).toEqual([]);
  });
});

describe('what is shipped', () => {
  it.each(measure().map(({ name, kb, most }) => [name, kb, most] as const))(
    '%s takes %d of at most %d kB',
    (_name, kb, most) => {
      expect(kb).toBeLessThanOrEqual(most);
    },
  );
});

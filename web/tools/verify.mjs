/**
 * Proves that what is committed is what the sources build: builds into an empty folder and
 * compares the lists of SHA-256 sums. Any difference, extra or missing file fails.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { buildInto, SHIPPED } from './build.mjs';

/**
 * @param {string} folder
 * @returns {Map<string, string>} Path below the folder to SHA-256.
 */
function sums(folder) {
  const found = new Map();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    found.set(relative(folder, path), createHash('sha256').update(readFileSync(path)).digest('hex'));
  }
  return found;
}

const fresh = mkdtempSync(join(tmpdir(), 'handfast-web-'));
try {
  await buildInto(fresh);
  const built = sums(fresh);
  const shipped = sums(SHIPPED);
  const names = [...new Set([...built.keys(), ...shipped.keys()])].sort();
  const differing = names.filter((name) => built.get(name) !== shipped.get(name));
  for (const name of differing) {
    const why = !shipped.has(name) ? 'missing' : !built.has(name) ? 'not built any more' : 'differs';
    console.error(`${name}: ${why}`);
  }
  if (differing.length > 0) {
    console.error('The committed pages are not what web/ builds. Run `npm run build` and commit.');
    process.exitCode = 1;
  } else console.log(`${names.length} files are as built`);
} finally {
  rmSync(fresh, { recursive: true });
}

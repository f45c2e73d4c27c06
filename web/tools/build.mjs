/**
 * Builds the pages into the Python package, or into the folder that is named:
 *
 *     node tools/build.mjs [folder]
 */
import { resolve } from 'node:path';
import { build } from 'vite';
import { compress } from './compress.mjs';

export const SHIPPED = resolve(import.meta.dirname, '../../src/handfast/web/static/pages');

/** @param {string} outDir Emptied first. */
export async function buildInto(outDir) {
  const root = resolve(import.meta.dirname, '..');
  await build({ root, logLevel: 'warn', build: { outDir, emptyOutDir: true } });
  compress(outDir);
}

if (process.argv[1] === import.meta.filename) {
  const folder = resolve(process.argv[2] ?? SHIPPED);
  await buildInto(folder);
  console.log(`built into ${folder}`);
}

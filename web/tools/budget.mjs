/**
 * Holds the pages to their sizes (kB of 1000 bytes, gzip -9), counted over what a browser
 * loads: an entry with everything it imports at once; the map with its worker, when it opens.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { SHIPPED } from './build.mjs';

export const BUDGET_KB = { entry: 80, map: 520, css: 20 };

/**
 * @typedef {{ file: string, imports?: string[], css?: string[] }} Chunk
 * @typedef {Record<string, Chunk>} Manifest
 */

/** @param {string} path */
function packedKb(path) {
  return gzipSync(readFileSync(path), { level: 9 }).length / 1000;
}

/**
 * @param {Manifest} manifest
 * @param {string[]} keys
 * @returns {Set<Chunk>} The chunks and all they import statically.
 */
function closure(manifest, keys) {
  const found = new Set();
  const open = [...keys];
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    const chunk = manifest[key];
    if (!chunk || found.has(chunk)) continue;
    found.add(chunk);
    open.push(...(chunk.imports ?? []));
  }
  return found;
}

/**
 * @param {string} [folder]
 * @returns {{ name: string, kb: number, most: number }[]}
 */
export function measure(folder = SHIPPED) {
  /** @type {Manifest} */
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  const js = (/** @type {Iterable<Chunk>} */ chunks) =>
    [...chunks].reduce((sum, chunk) => sum + packedKb(join(folder, chunk.file)), 0);
  const css = (/** @type {Iterable<Chunk>} */ chunks) =>
    [...new Set([...chunks].flatMap((chunk) => chunk.css ?? []))].reduce(
      (sum, file) => sum + packedKb(join(folder, file)),
      0,
    );
  const worker = readdirSync(join(folder, 'assets')).find((name) => /^maplibre.*worker.*\.js$/.test(name));
  const mapKey = 'src/lib/map/MapView.svelte';
  const results = [];
  for (const page of ['officer', 'owner', 'admin', 'review']) {
    const entry = closure(manifest, [`${page}/index.html`]);
    results.push({ name: `${page} entry JS`, kb: js(entry), most: BUDGET_KB.entry });
    const all = page === 'officer' ? closure(manifest, [`${page}/index.html`, mapKey]) : entry;
    results.push({ name: `${page} CSS`, kb: css(all), most: BUDGET_KB.css });
  }
  const entry = closure(manifest, ['officer/index.html']);
  const map = [...closure(manifest, [mapKey])].filter((chunk) => !entry.has(chunk));
  const workerKb = worker ? packedKb(join(folder, 'assets', worker)) : Number.NaN;
  results.push({ name: 'map JS with worker', kb: js(map) + workerKb, most: BUDGET_KB.map });
  return results;
}

if (process.argv[1] === import.meta.filename) {
  const folder = process.argv[2] ? resolve(process.argv[2]) : SHIPPED;
  for (const { name, kb, most } of measure(folder)) {
    const fits = kb <= most;
    console.log(`${fits ? 'ok  ' : 'OVER'} ${name}: ${kb.toFixed(1)} of ${most} kB`);
    if (!fits) process.exitCode = 1;
  }
}

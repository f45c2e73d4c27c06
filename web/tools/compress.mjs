/**
 * Writes a `.gz` beside every text file of the build, so that the server never compresses.
 * Level 9 and no file name or time in the header: equal input gives equal bytes.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const COMPRESSED = /\.(?:js|css|html|svg|json)$/;
const WORTH_BYTES = 1024;

/** @param {string} folder */
export function compress(folder) {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || !COMPRESSED.test(entry.name)) continue;
    const plain = readFileSync(path);
    if (plain.length < WORTH_BYTES) continue;
    const packed = gzipSync(plain, { level: 9 });
    packed[9] = 255; // operating system: unknown, whatever machine builds (RFC 1952 section 2.3)
    writeFileSync(`${path}.gz`, packed);
  }
}

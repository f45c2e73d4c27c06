/** Builds `smoke.ts` alone, for tests/e2e/test_player.py; the product build does not know it. */

import { resolve } from 'node:path';
import { defineConfig } from 'vite';

const lib = resolve(import.meta.dirname, '../..');

export default defineConfig({
  resolve: { alias: { $lib: lib } },
  build: {
    outDir: process.env['HANDFAST_SMOKE_OUT'] ?? '/tmp/handfast-smoke',
    emptyOutDir: false,
    target: 'es2022',
    lib: { entry: resolve(import.meta.dirname, 'smoke.ts'), formats: ['es'], fileName: () => 'smoke.js' },
  },
});

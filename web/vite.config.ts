import { resolve } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

const here = import.meta.dirname;
const pages = ['officer', 'owner', 'admin'] as const;

export default defineConfig({
  plugins: [svelte()],
  base: '/',
  resolve: {
    alias: { $lib: resolve(here, 'src/lib') },
    // Component tests mount in jsdom, so they need Svelte's browser entry.
    ...(process.env['VITEST'] ? { conditions: ['browser'] } : {}),
  },
  build: {
    outDir: '../src/handfast/web/static/pages',
    target: 'es2022',
    // Inlined `data:` assets would differ from what the page's policy lists; ship files only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // The map engine is one chunk and loads only with the map; `npm run budget` holds its size.
    chunkSizeWarningLimit: 1200,
    manifest: 'manifest.json',
    rolldownOptions: {
      input: Object.fromEntries(pages.map((page) => [page, resolve(here, page, 'index.html')])),
      output: {
        entryFileNames: 'assets/[name]-[hash].js',
        chunkFileNames: 'assets/[name]-[hash].js',
        assetFileNames: 'assets/[name]-[hash][extname]',
      },
    },
  },
  worker: { format: 'es' },
  server: { host: '127.0.0.1', strictPort: false },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.ts', 'tools/**/*.test.ts'],
    restoreMocks: true,
  },
});

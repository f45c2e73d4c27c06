import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Plugin } from 'vite';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

const here = import.meta.dirname;
const pages = ['officer', 'owner', 'admin', 'review'] as const;

/** Serves the packaged base map in development, as the Python package does afterwards. */
function packagedMap(): Plugin {
  const folder = resolve(here, '../src/handfast/web/static/map');
  return {
    name: 'handfast:map',
    configureServer(server) {
      server.middlewares.use('/map', (request, response, next) => {
        const path = resolve(folder, `.${(request.url ?? '/').split('?')[0]}`);
        if (!path.startsWith(folder) || !existsSync(path)) return next();
        const whole = readFileSync(path);
        const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
        if (!range) return void response.end(whole);
        const [first, last] = [Number(range[1]), Math.min(Number(range[2]), whole.length - 1)];
        response.writeHead(206, { 'content-range': `bytes ${first}-${last}/${whole.length}` });
        response.end(whole.subarray(first, last + 1));
      });
    },
  };
}

/** Answers every address below a page with its document in development, too. */
function deepAddresses(): Plugin {
  return {
    name: 'handfast:deep-addresses',
    configureServer(server) {
      server.middlewares.use((request, _response, next) => {
        const deep = /^\/(officer|owner|admin|dev)\/[^.?]*(?=$|\?)/.exec(request.url ?? '');
        if (deep) request.url = `/${deep[1]}/index.html${(request.url ?? '').slice(deep[0].length)}`;
        next();
      });
    },
  };
}

export default defineConfig({
  plugins: [svelte(), packagedMap(), deepAddresses()],
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
      checks: { pluginTimings: false },
      input: Object.fromEntries(pages.map((page) => [page, resolve(here, page, 'index.html')])),
      output: {
        entryFileNames: 'assets/[name]-[hash].js',
        chunkFileNames: 'assets/[name]-[hash].js',
        assetFileNames: 'assets/[name]-[hash][extname]',
      },
    },
  },
  worker: { format: 'es' },
  // Development reads the map where the package keeps it.
  publicDir: false,
  server: { host: '127.0.0.1', strictPort: false },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.ts', 'tools/**/*.test.ts'],
    restoreMocks: true,
  },
});

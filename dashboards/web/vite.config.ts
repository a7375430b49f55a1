import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { serviceWorker } from './service_worker_plugin.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// Where `npm run dev` finds the server; the built page is served by the server itself.
const server = 'http://127.0.0.1:8750';

export default defineConfig({
  plugins: [svelte(), serviceWorker()],
  resolve: { alias: { $schemas: here('../../schemas/generated') } },
  build: {
    target: 'es2022',
    // Nothing is inlined as a data: address, so that `font-src 'self'` holds.
    assetsInlineLimit: 0,
    // The map is one library of about 1 MB, in a chunk of its own that loads beside the list.
    chunkSizeWarningLimit: 1200,
  },
  worker: { format: 'es' },
  server: {
    fs: { allow: [here('.'), here('../../schemas/generated')] },
    proxy: { '/api': server, '/ws': { target: server, ws: true } },
  },
  test: { include: ['tests/**/*.test.ts'], environment: 'node' },
});

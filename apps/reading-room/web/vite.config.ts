import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The page is served by the reading-room app alone: every file of it is its own, nothing comes from elsewhere. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: { outDir: '../../../dist/apps/reading-room/web', emptyOutDir: true, sourcemap: true, assetsInlineLimit: 0 },
  server: { proxy: { '/api': 'http://127.0.0.1:8080', '/auth': 'http://127.0.0.1:8080' } },
});

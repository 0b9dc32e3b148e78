import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The server puts a fresh nonce in this word's place at each answer; see src/nonce.ts.
const nonce = '__CSP_NONCE__';

// `vite dev` shows the data of a running `ciclo serve`.
const server = process.env.CICLO_URL ?? 'http://127.0.0.1:7070';

export default defineConfig({
  plugins: [react()],
  html: { cspNonce: nonce },
  server: { proxy: { '/api': server, '/v1': server } },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
});

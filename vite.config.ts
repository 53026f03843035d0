import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  root: 'src-renderer',
  base: './',
  plugins: [react()],
  build: {
    outDir: '../dist/renderer',
    emptyOutDir: true,
    // The polyfill is an inline script, which the Content-Security-Policy forbids and no host needs.
    modulePreload: { polyfill: false },
    // Small assets as data: URLs would need exceptions in the policy.
    assetsInlineLimit: 0,
    // Keeps light-dark(): rewritten for older browsers it would need the same rules in every style sheet.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    chunkSizeWarningLimit: 1500,
  },
})

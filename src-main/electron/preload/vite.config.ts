import { defineConfig } from 'vite'

/** One CommonJS file next to the compiled main process. */
export default defineConfig({
  root: import.meta.dirname,
  publicDir: false,
  build: {
    outDir: '../../../dist/src-main/electron',
    emptyOutDir: false,
    minify: false,
    lib: { entry: 'preload.ts', formats: ['cjs'], fileName: () => 'preload.cjs' },
    rolldownOptions: { external: ['electron'] },
  },
})

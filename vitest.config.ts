import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src-main', 'src-renderer', 'resources', 'bench', 'scripts'].map(
      (folder) => `${folder}/**/*.test.ts`,
    ),
    // onnxruntime aborts when its native sessions are re-created in worker threads
    // (microsoft/onnxruntime issue 13086), hence one child process a test file.
    pool: 'forks',
    // Not the data of the person who runs the tests; the devices of this machine are tried once for all files.
    env: { SPELLM_DATA: join(tmpdir(), 'spellm-test-data') },
    setupFiles: ['scripts/equal-bytes.ts'],
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // With --coverage, as `npm test` runs it. Files that no test loads count, too; what runs in processes that tests
    // start doesn't: the programs, the engine behind its hosts, everything on WebGPU; nor what only a browser runs.
    coverage: {
      provider: 'v8',
      include: ['src-main/**/*.ts', 'src-renderer/**/*.{ts,tsx}'],
      exclude: ['**/*.test.ts', '**/testing/**', '**/vite.config.ts'],
      reporter: ['text-summary'],
      reportOnFailure: true,
    },
  },
})

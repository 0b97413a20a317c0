import react from '@vitejs/plugin-react'
import { configDefaults, defineConfig } from 'vitest/config'
import { linuxOnlyTests } from './build/bootstrap/linux-only-tests.mjs'

const exclude = [...configDefaults.exclude, ...(process.platform === 'linux' ? [] : linuxOnlyTests)]

// Three kinds of tests: `unit` (plain Node), `window` (React in happy-dom), `integration` (real QEMU, real files).
export default defineConfig({
  test: {
    projects: [
      {
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'], exclude, environment: 'node', testTimeout: 20_000 },
      },
      {
        plugins: [react()],
        test: {
          name: 'window',
          include: ['test/window/**/*.test.tsx'],
          environment: 'happy-dom',
          testTimeout: 20_000,
          css: { modules: { classNameStrategy: 'non-scoped' } },
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          exclude,
          environment: 'node',
          testTimeout: 180_000,
          hookTimeout: 180_000,
          setupFiles: ['test/support/own-folder.ts'],
          maxWorkers: 2,
        },
      },
    ],
  },
})

import { defineConfig } from '@playwright/test'

// `web`: the real renderer in Chromium, served by the web host. `desktop`: the same renderer in a real Electron.
// Specs named *.both.spec.ts run on both.
export default defineConfig({
  testDir: 'test/e2e',
  outputDir: `${process.env.FLOE_E2E_OUTPUT ?? 'test-results/e2e'}/traces`,
  timeout: 240_000,
  expect: { timeout: 20_000 },
  workers: 1,
  forbidOnly: true,
  reporter: 'list',
  use: { trace: 'retain-on-failure', actionTimeout: 15_000 },
  projects: [
    { name: 'web', testMatch: ['**/web*.spec.ts', '**/*.both.spec.ts'] },
    { name: 'desktop', testMatch: ['**/desktop*.spec.ts', '**/*.both.spec.ts'] },
  ],
})

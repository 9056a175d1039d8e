/** Four kinds of tests, told apart by their suffix or folder. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // Two cores, and Postgres or Chromium beside the tests.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/**/*.{pg,browser}.test.ts', 'tests/package/**'],
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'pg',
          include: ['tests/**/*.pg.test.ts'],
          globalSetup: 'tests/support/postgres-setup.ts',
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['tests/**/*.browser.test.ts'],
          globalSetup: 'tests/support/browser-setup.ts',
          testTimeout: 180_000,
          hookTimeout: 120_000,
          // One browser at a time: each already keeps both cores busy.
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: { name: 'package', include: ['tests/package/**/*.test.ts'], testTimeout: 120_000 },
      },
    ],
  },
})

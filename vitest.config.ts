/** Five kinds of tests, told apart by their suffix or folder; two kinds run more than once. */
import { defineConfig } from 'vitest/config'
import type { TestProjectInlineConfiguration } from 'vitest/config'
import { isLong } from './tests/support/rounds.ts'

const storageProcess = 'tests/app/storage-process.browser.test.ts'

/** What can come out differently in another browser, by the least that each of them runs. */
const everywhere = [
  'tests/app/{browser-modes,relaxed,search-live-transfer}.browser.test.ts',
  'tests/{crash,tabs}/{crash,tabs}.browser.test.ts',
]
const storage = ['tests/app/storage/{open-storage,block-store}.browser.test.ts']
const others = [
  'tests/app/worker/tabs.browser.test.ts',
  'tests/app/{app-database,opening}.browser.test.ts',
  'tests/support/browsers/browsers.browser.test.ts',
]

/** A browser beside Chromium: what it stores, how its tabs get on, and what a kill leaves. */
const otherBrowser = (
  name: 'firefox' | 'webkit',
  { always, long }: Record<'always' | 'long', readonly string[]>,
): TestProjectInlineConfiguration => ({
  extends: true,
  test: {
    name,
    include: [...everywhere, ...always, ...(isLong ? long : [])],
    globalSetup: 'tests/support/browser-setup.ts',
    setupFiles: 'tests/support/skip-without-browser.ts',
    sequence: { groupOrder: 1 },
  },
})

export default defineConfig({
  test: {
    // Two cores, and Postgres or Chromium beside the tests.
    maxWorkers: 2,
    // A module and what it has compiled serve all files of a worker; no test changes either.
    isolate: false,
    // Starting a database takes seconds, and minutes on a machine that is busy with other things. Only a hang is a failure.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    tags: [{ name: 'long', description: 'What `npm test` leaves to `npm run test:long`.' }],
    ...(!isLong && { tagsFilter: ['!long'] }),
    // Better Auth's suites log every step.
    silent: 'passed-only',
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/**/*.{pg,browser}.test.ts', 'tests/package/**'],
        },
      },
      {
        // The suites of the app again, their databases in memory behind a worker.
        extends: true,
        test: {
          name: 'worker',
          include: isLong
            ? ['tests/app/**/*.test.ts', 'tests/conformance/values.test.ts']
            : [
                'tests/app/{bad-input,pg-client,pg-protocol,protocol-errors}.test.ts',
                'tests/app/live/*.test.ts',
                'tests/app/data/repositories.test.ts',
                'tests/conformance/values.test.ts',
              ],
          exclude: [
            'tests/app/**/*.browser.test.ts',
            'tests/app/{storage,worker}/**',
            // Of bytes and files, which are the same there.
            'tests/app/{transfer/encryption,live/share-rows,data/erase,search/hostile-texts,killed-migrations}.test.ts',
          ],
          setupFiles: 'tests/support/worker-mode.ts',
        },
      },
      {
        extends: true,
        test: {
          name: 'pg',
          include: ['tests/**/*.pg.test.ts'],
          globalSetup: 'tests/support/postgres-setup.ts',
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['tests/**/*.browser.test.ts'],
          // Only WebKit has such a process.
          exclude: [storageProcess],
          globalSetup: 'tests/support/browser-setup.ts',
          // After everything else: a browser keeps both cores busy for moments, and waits for much of the rest.
          sequence: { groupOrder: 1 },
        },
      },
      otherBrowser('firefox', { always: storage, long: others }),
      otherBrowser('webkit', { always: [storageProcess, ...storage], long: others }),
      {
        extends: true,
        test: { name: 'package', include: ['tests/package/**/*.test.ts'] },
      },
    ],
  },
})

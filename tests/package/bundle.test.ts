/** What each entry may pull into a bundle, and how heavy it is. */
import { expect, test } from 'vitest'
import { bundleEntry } from './bundle-entry.ts'
import { entries } from './entries.ts'

interface Expectation {
  readonly platform: 'browser' | 'node'
  readonly atOnce: readonly string[]
  readonly later: readonly string[]
  /**
   * Minified and gzipped: the package's own code that loads at once, and the same with Drizzle. These are reviewed
   * numbers; when one changes, say why in the commit.
   */
  readonly kilobytes: { readonly own: number; readonly withDrizzle: number }
}

const expectations: Readonly<Record<string, Expectation>> = {
  '.': { platform: 'browser', atOnce: ['drizzle-orm'], later: [], kilobytes: { own: 0, withDrizzle: 0 } },
  './schema': { platform: 'browser', atOnce: ['drizzle-orm'], later: [], kilobytes: { own: 0, withDrizzle: 0 } },
  './schema/auth': { platform: 'browser', atOnce: ['drizzle-orm'], later: [], kilobytes: { own: 0, withDrizzle: 0 } },
  './schema/app': { platform: 'browser', atOnce: ['drizzle-orm'], later: [], kilobytes: { own: 0, withDrizzle: 0 } },
  './auth': {
    platform: 'node',
    atOnce: ['drizzle-orm', 'postgres'],
    later: ['@electric-sql/pglite', 'better-auth'],
    kilobytes: { own: 0, withDrizzle: 0 },
  },
  './app': {
    platform: 'browser',
    atOnce: ['drizzle-orm'],
    later: ['@electric-sql/pglite'],
    kilobytes: { own: 0, withDrizzle: 0 },
  },
  './testing': {
    platform: 'node',
    atOnce: ['drizzle-orm', 'postgres'],
    later: ['@electric-sql/pglite', 'better-auth'],
    kilobytes: { own: 0, withDrizzle: 0 },
  },
}

test('every entry has its expectations here', () => {
  expect(Object.keys(expectations)).toEqual(entries.map(({ subpath }) => subpath))
})

for (const entry of entries) {
  const expected = expectations[entry.subpath]
  if (expected === undefined) continue

  test(`${entry.specifier} pulls in what it says and nothing else`, async () => {
    const { atOnce, later } = await bundleEntry(entry, expected)
    expect({ atOnce, later }).toEqual({ atOnce: expected.atOnce, later: expected.later })
  })

  test(`${entry.specifier} weighs what was reviewed`, async () => {
    const own = await bundleEntry(entry, { platform: expected.platform, ownOnly: true })
    const withDrizzle = await bundleEntry(entry, expected)
    const kilobytes = { own: own.gzipKilobytes, withDrizzle: withDrizzle.gzipKilobytes }
    // Half a kilobyte either way, so that only what somebody should look at fails.
    for (const key of ['own', 'withDrizzle'] as const) {
      expect(Math.abs(kilobytes[key] - expected.kilobytes[key]), `${key}: ${kilobytes[key].toFixed(1)} KB`).toBeLessThan(0.5)
    }
  })
}

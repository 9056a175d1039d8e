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
  '.': { platform: 'browser', atOnce: ['drizzle-orm'], later: [], kilobytes: { own: 2, withDrizzle: 10 } },
  './schema': { platform: 'browser', atOnce: ['drizzle-orm'], later: [], kilobytes: { own: 1, withDrizzle: 9 } },
  './schema/auth': { platform: 'browser', atOnce: ['drizzle-orm'], later: [], kilobytes: { own: 1, withDrizzle: 8.5 } },
  './schema/app': {
    platform: 'browser',
    atOnce: ['drizzle-orm'],
    later: [],
    kilobytes: { own: 0.5, withDrizzle: 8.5 },
  },
  './auth': {
    platform: 'node',
    atOnce: ['drizzle-orm', 'events', 'net', 'postgres', 'tls'],
    later: ['@electric-sql/pglite', 'better-auth'],
    kilobytes: { own: 66, withDrizzle: 85.5 },
  },
  './app': {
    platform: 'browser',
    atOnce: ['drizzle-orm'],
    later: ['@electric-sql/pglite'],
    kilobytes: { own: 59, withDrizzle: 79.5 },
  },
  './app/validation': {
    platform: 'browser',
    atOnce: ['drizzle-orm'],
    later: [],
    kilobytes: { own: 2, withDrizzle: 10 },
  },
  './metrics/prometheus': {
    platform: 'node',
    atOnce: ['prom-client'],
    later: [],
    kilobytes: { own: 2.5, withDrizzle: 2.5 },
  },
  './metrics/opentelemetry': {
    platform: 'node',
    atOnce: ['@opentelemetry/api'],
    later: [],
    kilobytes: { own: 2.5, withDrizzle: 2.5 },
  },
  './app/worker': {
    platform: 'browser',
    atOnce: [],
    later: ['@electric-sql/pglite'],
    kilobytes: { own: 33, withDrizzle: 33 },
  },
  './testing': {
    platform: 'node',
    atOnce: ['drizzle-orm', 'events', 'net', 'postgres', 'tls'],
    later: ['@electric-sql/pglite', 'better-auth'],
    kilobytes: { own: 94, withDrizzle: 115 },
  },
}

test('every entry has its expectations here', () => {
  expect(Object.keys(expectations).toSorted()).toEqual(entries.map(({ subpath }) => subpath).toSorted())
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
    expect({
      own: unlessClose(own.gzipKilobytes, expected.kilobytes.own),
      withDrizzle: unlessClose(withDrizzle.gzipKilobytes, expected.kilobytes.withDrizzle),
    }).toEqual(expected.kilobytes)
  })
}

test.each([
  { specifier: '@typyst/db/app', own: 'collection_settings', foreign: 'provider_id' },
  { specifier: '@typyst/db/schema/app', own: 'collection_settings', foreign: 'provider_id' },
  { specifier: '@typyst/db/auth', own: 'provider_id', foreign: 'collection_settings' },
  { specifier: '@typyst/db/schema/auth', own: 'provider_id', foreign: 'collection_settings' },
])('$specifier carries no table of the other side', async ({ specifier, own, foreign }) => {
  const entry = entries.find((candidate) => candidate.specifier === specifier)
  if (entry === undefined) throw new Error(`${specifier} is not exported.`)
  const { code } = await bundleEntry(entry, { platform: 'browser', ownOnly: true })
  expect(code).toContain(own)
  expect(code).not.toContain(foreign)
})

/** The reviewed number when the size is within half a kilobyte of it, so that only what somebody should look at fails. */
function unlessClose(kilobytes: number, reviewed: number): number {
  return Math.abs(kilobytes - reviewed) <= 0.5 ? reviewed : Math.round(kilobytes * 2) / 2
}

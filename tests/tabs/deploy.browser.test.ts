/** Two builds of one app on one origin, as after a deploy: their workers have other URLs, their database is the same. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { beforeAll, expect, it } from 'vitest'
import { addCollection, collectionIds, openShared, roleOf } from '../app/worker/shared-page.ts'
import { buildPage } from '../support/build-page.ts'
import { startPageServer } from '../support/page-server.ts'
import { useChromiumTabs } from '../support/test-page.ts'

type Release = 'old' | 'new'

const [createTag, createLabel] = ['create table tag (id text primary key)', 'create table label (id text primary key)']
const migrations: Readonly<Record<Release, readonly string[]>> = { old: [createTag], new: [createTag, createLabel] }

const tabs = useChromiumTabs()
let siteUrl: string

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'typyst-deploy-'))
  await buildPage(join(folder, 'old'))
  await buildPage(join(folder, 'new'), undefined, { minify: true })
  const server = await startPageServer(folder)
  siteUrl = server.url
  return async () => {
    await server[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  }
})

/** A tab on one of the two builds. */
async function visit(release: Release): Promise<Page> {
  const page = await tabs.browser.context.newPage()
  await page.goto(`${siteUrl}${release}/`)
  return page
}

const open = (page: Page, name: string, release: Release) =>
  openShared(page, `idb://${name}`, { migrations: migrations[release], leaderTimeoutMs: 5_000 })

const eventsOf = (page: Page) => page.evaluate(() => window.events)

/** Who has the database: there can be one, whatever the files are called. */
const holdersOf = (page: Page, name: string) =>
  page.evaluate(async (lock) => {
    const { held = [] } = await navigator.locks.query()
    return held.filter(({ name }) => name === lock).length
  }, `@typyst/db:${name}`)

const inPageFailure = (page: Page, name: string) =>
  page.evaluate(async (dataDir) => {
    const { typyst } = window
    const app = typyst.createAppDatabase({ dataDir })
    const failed = await typyst.failure(app.ready())
    await app.close()
    return failed?.code
  }, `idb://${name}`)

const closeAll = (...pages: readonly Page[]) => Promise.all(pages.map((page) => page.close()))

it.each<[first: Release, second: Release]>([
  ['old', 'new'],
  ['new', 'old'],
])('the %s build leads and serves the %s one, which takes over', async (first, second) => {
  const name = `builds ${first} ${second}`
  const [leader, follower] = [await visit(first), await visit(second)]
  for (const page of [leader, follower]) expect(await open(page, name, 'old')).toBeUndefined()
  const urls = [leader, follower].map((page) => page.workers()[0]?.url())
  expect(new Set(urls).size).toBe(2)

  expect(await Promise.all([leader, follower].map(roleOf))).toEqual(['leader', 'follower'])
  expect(await holdersOf(follower, name)).toBe(1)
  expect(await addCollection(leader, 'one')).toBeUndefined()
  expect(await addCollection(follower, 'two')).toBeUndefined()
  await leader.close()
  expect(await addCollection(follower, 'three')).toBeUndefined()
  expect(await roleOf(follower)).toBe('leader')
  expect(await collectionIds(follower)).toEqual(['one', 'three', 'two'])
  await closeAll(follower)
})

it('a new deploy migrates through the worker of last week, and the old tabs stop writing', async () => {
  const [leader, oldTab, newTab] = [await visit('old'), await visit('old'), await visit('new')]
  for (const page of [leader, oldTab]) expect(await open(page, 'deploy', 'old')).toBeUndefined()
  expect(await addCollection(oldTab, 'before')).toBeUndefined()
  expect(await open(newTab, 'deploy', 'new')).toBeUndefined()
  expect(await roleOf(leader)).toBe('leader')

  for (const page of [leader, oldTab]) {
    expect(await addCollection(page, 'late')).toBe('SCHEMA_OUTDATED')
    expect(await eventsOf(page)).toEqual(['schema-outdated'])
  }
  const added = newTab.evaluate(() => window.app.pgClient.query("insert into label values ('l')"))
  expect((await added).affectedRows).toBe(1)
  // The user reloads, and gets the new build.
  await leader.goto(`${siteUrl}new/`)
  expect(await open(leader, 'deploy', 'new')).toBeUndefined()
  expect(await collectionIds(leader)).toEqual(['before'])
  expect(await addCollection(oldTab, 'later')).toBe('SCHEMA_OUTDATED')
  await closeAll(leader, oldTab, newTab)
})

it('old code that comes after the new deploy is refused, beside it and alone, and changes nothing', async () => {
  const [newTab, oldTab] = [await visit('new'), await visit('old')]
  expect(await open(newTab, 'rolled back', 'new')).toBeUndefined()
  expect(await addCollection(newTab, 'kept')).toBeUndefined()
  expect(await open(oldTab, 'rolled back', 'old')).toBe('DATABASE_NEWER')
  expect(await addCollection(newTab, 'also kept')).toBeUndefined()
  await newTab.close()

  // The deploy is rolled back: the old code meets the database alone.
  expect(await open(oldTab, 'rolled back', 'old')).toBe('DATABASE_NEWER')
  const again = await visit('new')
  expect(await open(again, 'rolled back', 'new')).toBeUndefined()
  expect(await collectionIds(again)).toEqual(['also kept', 'kept'])
  await closeAll(oldTab, again)
})

it.each<[shared: Release, inPage: Release]>([
  ['old', 'new'],
  ['new', 'old'],
])('the %s build with a worker keeps out the %s one without, at once', async (shared, inPage) => {
  const name = `page beside worker ${shared}`
  const [tab, page] = [await visit(shared), await visit(inPage)]
  expect(await open(tab, name, 'old')).toBeUndefined()
  expect(await inPageFailure(page, name)).toBe('DATABASE_IN_USE')
  expect(await addCollection(tab, 'undisturbed')).toBeUndefined()
  await closeAll(tab, page)
})

/** What a killed browser leaves behind when it was just writing: half a record at the end of its log. */
import { appendFile, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { beforeEach, expect, inject, it } from 'vitest'
import { launchChromium } from '../../support/browsers/chromium.ts'

let profileDir: string
beforeEach(async () => {
  profileDir = await mkdtemp(join(tmpdir(), 'typyst-torn-'))
  return () => rm(profileDir, { recursive: true, force: true, maxRetries: 5 })
})

/** Runs a browser on the profile; it is closed in good order, unless it is to be killed. */
async function session<T>(work: (page: Page) => Promise<T>, isKilled = false): Promise<T> {
  await using browser = await launchChromium({ profileDir })
  const page = await browser.context.newPage()
  await page.goto(inject('pageUrl'))
  const result = await work(page)
  if (isKilled) await browser.kill()
  return result
}

/** Opens the database, adds a collection, and tells which there are. */
const add = (name: string) => (page: Page) =>
  page.evaluate(async (added) => {
    const app = window.typyst.createAppDatabase({ dataDir: 'idb://torn' })
    await app.db.insert(app.schema.collection).values({ id: added, name: added })
    const rows = await app.db.select().from(app.schema.collection)
    const { storage } = await app.status()
    await app.close()
    return { names: rows.map((row) => row.name).sort(), hasLostData: storage?.hasLostData }
  }, name)

/** Ends the newest log of the profile's IndexedDB as LevelDB does that is killed: a record is longer than what is there. */
async function tear(): Promise<void> {
  const storage = join(profileDir, 'Default', 'IndexedDB')
  const origin = (await readdir(storage)).find((name) => name.endsWith('.leveldb'))
  const folder = join(storage, origin ?? '')
  const log = (await readdir(folder))
    .filter((name) => name.endsWith('.log'))
    .sort()
    .at(-1)
  const path = join(folder, log ?? '')
  // A record is a checksum of 4 bytes, a length of 2, a type of 1 and the bytes; none reaches over a block of 32 KB.
  const room = 32_768 - ((await stat(path)).size % 32_768)
  expect(room).toBeGreaterThan(300)
  await appendFile(path, Uint8Array.of(1, 2, 3, 4, 250, 0, 1, 9, 9, 9))
}

it('writes nothing behind it, which Chromium would delete everything for', async () => {
  await session(add('first'), true)
  await tear()
  expect(await session(add('second'))).toEqual({ names: ['first', 'second'], hasLostData: false })
  expect(await session(add('third'))).toEqual({ names: ['first', 'second', 'third'], hasLostData: false })
})

it('tells when somebody else has written there, and Chromium has deleted everything', { tags: 'long' }, async () => {
  await session(add('first'), true)
  await tear()
  await session((page) =>
    page.evaluate(async () => {
      const opening = indexedDB.open('of somebody else')
      opening.onupgradeneeded = () => opening.result.createObjectStore('values')
      await new Promise((resolve) => (opening.onsuccess = resolve))
      const transaction = opening.result.transaction('values', 'readwrite')
      transaction.objectStore('values').put('value', 'key')
      await new Promise((resolve) => (transaction.oncomplete = resolve))
    }),
  )
  expect(await session(add('second'))).toEqual({ names: ['second'], hasLostData: true })
})

it('opens although a page stands still with the empty database open', async () => {
  await session(async (page) => {
    await page.evaluate(async () => {
      const opening = indexedDB.open('typyst-db-log/torn')
      await new Promise((resolve) => (opening.onsuccess = resolve))
    })
    expect(await add('first')(page)).toMatchObject({ names: ['first'] })
  })
})

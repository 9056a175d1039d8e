/** The support code's own promises: a page that has what a notes app needs, and browsers that can be killed. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, inject, onTestFinished, test } from 'vitest'
import { browserName } from '../test-page.ts'
import { launchBrowser } from './launch-browser.ts'

test('opens a page with IndexedDB, Web Locks and PGlite', async () => {
  await using browser = await launchBrowser(browserName())
  const page = await browser.newPage()
  await page.goto(inject('pageUrl'))
  expect(await page.evaluate(() => window.isSecureContext)).toBe(true)
  const held = await page.evaluate(() =>
    navigator.locks.request('name', async () => (await navigator.locks.query()).held?.map(({ name }) => name)),
  )
  expect(held).toEqual(['name'])
  const rows = await page.evaluate(async () => {
    const { PGlite } = await window.typyst.loadPGlite()
    const pglite = await PGlite.create('memory://')
    const { rows } = await pglite.query('select 1 + 1 as two')
    await pglite.close()
    return rows
  })
  expect(rows).toEqual([{ two: 2 }])
})

test('opens the built package in the page', async () => {
  await using browser = await launchBrowser(browserName())
  const page = await browser.newPage()
  await page.goto(inject('pageUrl'))
  const names = await page.evaluate(async () => {
    const { createAppDatabase, createId, schema } = window.typyst
    const app = createAppDatabase()
    await app.db.insert(schema.collection).values({ id: createId(), name: 'Notes' })
    const rows = await app.db.select().from(schema.collection)
    await app.close()
    return rows.map(({ name }) => name)
  })
  expect(names).toEqual(['Notes'])
})

test('crashes one tab and leaves the other alone', async () => {
  await using browser = await launchBrowser(browserName())
  const [victim, bystander] = [await browser.newPage(), await browser.newPage()]
  await victim.goto(inject('pageUrl'))
  await bystander.goto(inject('pageUrl'))
  await browser.crash(victim)
  expect(await bystander.evaluate(() => document.title)).toBe('@typyst/db')
})

test('keeps what IndexedDB acknowledged when the browser is killed', async () => {
  const profileDir = await mkdtemp(join(tmpdir(), 'typyst-profile-'))
  onTestFinished(() => rm(profileDir, { recursive: true, force: true }))

  const first = await launchBrowser(browserName(), { profileDir })
  const page = await first.newPage()
  await page.goto(inject('pageUrl'))
  await page.evaluate(async () => {
    const opening = indexedDB.open('notes')
    opening.onupgradeneeded = () => opening.result.createObjectStore('note')
    await new Promise((resolve) => (opening.onsuccess = resolve))
    const transaction = opening.result.transaction('note', 'readwrite', { durability: 'strict' })
    transaction.objectStore('note').put('kept', 1)
    await new Promise((resolve) => (transaction.oncomplete = resolve))
  })
  await first.kill()

  await using second = await launchBrowser(browserName(), { profileDir })
  const again = await second.newPage()
  await again.goto(inject('pageUrl'))
  const note = await again.evaluate(async () => {
    const opening = indexedDB.open('notes')
    await new Promise((resolve) => (opening.onsuccess = resolve))
    const reading = opening.result.transaction('note').objectStore('note').get(1)
    await new Promise((resolve) => (reading.onsuccess = resolve))
    return reading.result as unknown
  })
  expect(note).toBe('kept')
})

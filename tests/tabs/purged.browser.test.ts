/** A deploy takes the files away that open tabs were made of. */
import { expect, inject, it, onTestFinished } from 'vitest'
import { addCollection, collectionIds, openShared, roleOf } from '../app/worker/shared-page.ts'
import { startPageServer } from '../support/page-server.ts'
import { useTabs } from '../support/test-page.ts'

const tabs = useTabs()

/** Two tabs, the first of which leads, on a server whose files no browser keeps. */
async function openTwo(purgeBefore: 'follower' | 'never') {
  const server = await startPageServer(inject('pageFolder'), { 'cache-control': 'no-store' })
  const [leader, follower] = [await tabs.browser.newPage(), await tabs.browser.newPage()]
  onTestFinished(async () => {
    await Promise.all([leader, follower].map((page) => page.close()))
    await server[Symbol.asyncDispose]()
  })
  for (const page of [leader, follower]) await page.goto(server.url)
  expect(await openShared(leader, 'idb://purged')).toBeUndefined()
  if (purgeBefore === 'follower') server.disturb('.wasm', 'missing')
  expect(await openShared(follower, 'idb://purged')).toBeUndefined()
  return { server, leader, follower }
}

it('leaves no tab without an engine that has been open for a moment', { tags: 'long' }, async () => {
  const { server, leader, follower } = await openTwo('never')
  await expect
    .poll(() => Math.min(server.served('pglite-'), server.served('.data'), server.served('.wasm') - 1))
    .toBe(2)
  server.disturb('assets/', 'missing')
  expect(await addCollection(follower, 'before')).toBeUndefined()
  await leader.close()
  expect(await addCollection(follower, 'after')).toBeUndefined()
  expect(await roleOf(follower)).toBe('leader')
  expect(await collectionIds(follower)).toEqual(['after', 'before'])
})

it('costs a tab that has nothing yet RELOAD_NEEDED and an event, and it goes on when the files are back', async () => {
  const { server, leader, follower } = await openTwo('follower')
  expect(await addCollection(follower, 'before')).toBeUndefined()
  await leader.close()
  // What was sent to the one that is gone has a fate of its own.
  await expect.poll(() => addCollection(follower, 'too late')).toBe('RELOAD_NEEDED')
  expect(await follower.evaluate(() => window.events)).toContain('reload-needed')
  // The worker's own file may be gone as well.
  server.disturb('worker-', 'page')
  expect(await addCollection(follower, 'no worker')).toBe('RELOAD_NEEDED')
  server.disturb('worker-', undefined)
  server.disturb('.wasm', undefined)
  expect(await addCollection(follower, 'after')).toBeUndefined()
  expect(await collectionIds(follower)).toEqual(['after', 'before'])
})

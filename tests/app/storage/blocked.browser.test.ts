/** A storage that does not let a page in: a code after some seconds, and everything goes on once it does. */
import { expect, it } from 'vitest'
import { useTabs } from '../../support/test-page.ts'
import { holdStorage } from '../worker/hold-storage.ts'
import { addCollection } from '../worker/shared-page.ts'

const tabs = useTabs()

it(
  'a page that is alone gets STORAGE_BLOCKED while something else holds its storage, and loses nothing',
  { tags: 'long' },
  async () => {
    const [page, other] = [await tabs.open(), await tabs.open()]
    await page.evaluate(async () => {
      window.app = window.typyst.createAppDatabase({ dataDir: 'idb://alone' })
      await window.app.ready()
    })
    expect(await addCollection(page, 'before')).toBeUndefined()
    const letGo = await holdStorage(other, 'alone')
    expect(await addCollection(page, 'held up')).toBe('STORAGE_BLOCKED')
    await letGo()
    await expect.poll(() => addCollection(page, crypto.randomUUID())).toBeUndefined()
    const ids = await page.evaluate(async () => {
      await window.app.close()
      const again = window.typyst.createAppDatabase({ dataDir: 'idb://alone' })
      const rows = await again.db.select().from(again.schema.collection)
      await again.close()
      return rows.map(({ id }) => id)
    })
    expect(ids).toEqual(expect.arrayContaining(['before', 'held up']))
    await Promise.all([page.close(), other.close()])
  },
)

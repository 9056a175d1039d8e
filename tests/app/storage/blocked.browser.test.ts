/** A storage that does not let a page in: a code after some seconds, and everything goes on once it does. */
import { expect, it } from 'vitest'
import { useTabs } from '../../support/test-page.ts'

const tabs = useTabs()

it(
  'a page that is alone gets STORAGE_BLOCKED while something else holds its storage, and loses nothing',
  { tags: 'long' },
  async () => {
    const [page, other] = [await tabs.open(), await tabs.open()]
    const add = (id: string) =>
      page.evaluate(async (id) => {
        const { app, typyst } = window
        return (await typyst.failure(app.db.insert(app.schema.collection).values({ id, name: id })))?.code
      }, id)
    await page.evaluate(async () => {
      window.app = window.typyst.createAppDatabase({ dataDir: 'idb://alone' })
      await window.app.ready()
    })
    expect(await add('before')).toBeUndefined()
    await other.evaluate(async () => {
      window.events = []
      const opening = indexedDB.open('typyst-db/alone')
      await new Promise((resolve) => (opening.onsuccess = resolve))
      const transaction = opening.result.transaction(opening.result.objectStoreNames, 'readwrite')
      // A request after the other keeps it open.
      await new Promise<void>((resolve) => {
        const ask = (): void => {
          transaction.objectStore('meta').get('format').onsuccess = () => {
            resolve()
            if (!window.events.includes('let go')) ask()
          }
        }
        ask()
      })
    })
    expect(await add('held up')).toBe('STORAGE_BLOCKED')
    await other.evaluate(() => void window.events.push('let go'))
    await expect.poll(() => add(crypto.randomUUID())).toBeUndefined()
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

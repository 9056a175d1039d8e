/** Dexie with the same rows and the indexes for the same queries; it has none for full text. */
import { Dexie } from 'dexie'
import type { Table } from 'dexie'
import { countWrittenBytes } from '../count-written.ts'
import type { BenchEntry, OpenPeer, Operations } from '../peer.ts'

/** Opens and migrates. */
export async function openPeer(durability: 'default' | 'strict'): Promise<OpenPeer> {
  const db = new Dexie('bench', { chromeTransactionDurability: durability })
  db.version(1).stores({
    collection: 'id, userId',
    collectionSettings: 'id, &collectionId, userId',
    entry: 'id, [collectionId+createdAt], userId',
  })
  await db.open()
  const entries: Table<BenchEntry, string> = db.table('entry')
  const raw: Operations = {
    async insert(entry) {
      await entries.add(entry)
    },
    async insertMany(many) {
      await entries.bulkAdd(many)
    },
    byKey: (id) => entries.get(id),
    newest: (collectionId, count) =>
      entries
        .where('[collectionId+createdAt]')
        .between([collectionId, Dexie.minKey], [collectionId, Dexie.maxKey])
        .reverse()
        .limit(count)
        .toArray(),
  }
  return {
    routes: { raw },
    async addCollection(id) {
      await db.table('collection').add({ id, name: id })
    },
    close() {
      db.close()
      return Promise.resolve()
    },
    countWritten() {
      const written = countWrittenBytes()
      return Promise.resolve(() => Promise.resolve(written()))
    },
  }
}

/** Dexie with the same rows and the index for the same lists; it has none for full text, so a search is a scan. */
import { Dexie, liveQuery } from 'dexie'
import type { Table } from 'dexie'
import { collectionId } from '../../notes.ts'
import type { BenchNote } from '../../notes.ts'
import { batchRows, countExported, inBatches } from '../peer.ts'
import type { DataPeer } from '../peer.ts'

/** Opens an empty database, as durable as ours. */
export async function openPeer(): Promise<DataPeer> {
  const db = new Dexie('bench-data', { chromeTransactionDurability: 'strict' })
  db.version(1).stores({ collection: 'id, userId', entry: 'id, [collectionId+createdAt], userId' })
  await db.open()
  const notes: Table<BenchNote, string> = db.table('entry')
  const newestOnes = () =>
    notes
      .where('[collectionId+createdAt]')
      .between([collectionId, Dexie.minKey], [collectionId, Dexie.maxKey])
      .reverse()
  let end: Date | undefined
  return {
    async importNotes(made) {
      for (const batch of inBatches(made)) await notes.bulkAdd(batch)
    },
    routes: {
      dexie: {
        async add({ title, content }) {
          const now = new Date()
          return notes.add({ id: crypto.randomUUID(), title, content, collectionId, createdAt: now, updatedAt: now })
        },
        async firstPage() {
          const page = await newestOnes().limit(50).toArray()
          end = page.at(-1)?.createdAt
          return page
        },
        nextPage: () =>
          notes
            .where('[collectionId+createdAt]')
            .between([collectionId, Dexie.minKey], [collectionId, end], true, false)
            .reverse()
            .limit(50)
            .toArray(),
        newest: (limit) => newestOnes().limit(limit).toArray(),
        watch(limit, tell) {
          const subscription = liveQuery(() => newestOnes().limit(limit).toArray()).subscribe(tell)
          return () => subscription.unsubscribe()
        },
        async search(text) {
          const words = text.toLowerCase().split(' ')
          return notes
            .filter(({ title, content }) => {
              const folded = `${title} ${content}`.toLowerCase()
              return words.every((word) => folded.includes(word))
            })
            .count()
        },
        exportAll: () =>
          countExported(
            (async function* () {
              for (let after = ''; ;) {
                const rows = await notes.where('id').above(after).limit(batchRows).toArray()
                yield rows
                const last = rows.at(-1)
                if (!last || rows.length < batchRows) return
                after = last.id
              }
            })(),
          ),
      },
    },
  }
}

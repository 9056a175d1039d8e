/** `@typyst/db/app`: its repositories, and Drizzle written by hand on the same database. */
import { createAppDatabase, createId } from '@typyst/db/app'
import type { AppDatabase } from '@typyst/db/app'
import { and, asc, desc, eq, gt, ilike, isNull, lt, or } from 'drizzle-orm'
import { collectionId } from '../../notes.ts'
import { batchRows, countBytes, countExported, inBatches } from '../peer.ts'
import type { DataPeer, DataRoute } from '../peer.ts'

/** Opens an empty database; imports by the package, or by hand. */
export async function openPeer(way: 'package' | 'by hand'): Promise<DataPeer> {
  const app = createAppDatabase({ dataDir: 'idb://bench-data' })
  await app.collections.create({ id: collectionId, name: 'Bench' })
  return {
    async importNotes(notes) {
      if (way === 'package') await app.transfer.importEntries(notes)
      else for (const batch of inBatches(notes)) await app.db.insert(app.schema.entry).values(batch)
    },
    async completeIndex() {
      await app.search('a')
    },
    routes: way === 'package' ? { repository: await repositoryRoute(app), drizzle: byHandRoute(app) } : {},
  }
}

async function repositoryRoute(app: AppDatabase): Promise<DataRoute> {
  const { entries } = app
  const newest = (limit: number) => byHandQueries(app).newest(limit)
  let cursor: string | undefined
  await Promise.resolve()
  return {
    add: async (note) => (await entries.create({ ...note, collectionId })).id,
    async firstPage() {
      const page = await entries.list({ collectionId })
      cursor = page.nextCursor
      return page
    },
    nextPage: () => entries.list({ collectionId, cursor }),
    newest,
    watch(limit, tell) {
      const live = app.live(newest(limit))
      return live.subscribe(({ status, data, error }) => {
        if (status === 'failed') throw error
        if (status === 'ready') tell(data)
      })
    },
    search: async (text) => (await app.search(text)).results.length,
    exportAll: async () => countBytes(await app.transfer.exportData()),
  }
}

function byHandRoute(app: AppDatabase): DataRoute {
  const { db, schema } = app
  const { entry } = schema
  const { page, newest } = byHandQueries(app)
  let last: { readonly id: string; readonly createdAt: Date } | undefined
  return {
    async add(note) {
      const [row] = await db
        .insert(entry)
        .values({ ...note, id: createId(), collectionId })
        .returning()
      return row?.id ?? ''
    },
    async firstPage() {
      const rows = await page(undefined)
      last = rows.at(-2)
      return rows
    },
    nextPage: () => page(last),
    newest,
    search: async (text) =>
      (
        await db
          .select()
          .from(entry)
          .where(
            and(
              isNull(entry.deletedAt),
              ...text.split(' ').map((word) => or(ilike(entry.title, `%${word}%`), ilike(entry.content, `%${word}%`))),
            ),
          )
      ).length,
    exportAll: () =>
      countExported(
        (async function* () {
          for (let after = ''; ;) {
            const rows = await db
              .select()
              .from(entry)
              .where(gt(entry.id, after))
              .orderBy(asc(entry.id))
              .limit(batchRows)
            yield rows
            const end = rows.at(-1)
            if (!end || rows.length < batchRows) return
            after = end.id
          }
        })(),
      ),
  }
}

function byHandQueries({ db, schema }: AppDatabase) {
  const { entry } = schema
  const { id, title, userId, createdAt, updatedAt, deletedAt } = entry
  const isListed = and(eq(entry.collectionId, collectionId), isNull(deletedAt))
  const newestFirst = [desc(createdAt), desc(id)]
  return {
    /** With one row more than is shown, which tells whether there is another page. */
    page: (after: { readonly id: string; readonly createdAt: Date } | undefined) =>
      db
        .select({ id, title, collectionId: entry.collectionId, userId, createdAt, updatedAt, deletedAt })
        .from(entry)
        .where(
          and(
            isListed,
            after && or(lt(createdAt, after.createdAt), and(eq(createdAt, after.createdAt), lt(id, after.id))),
          ),
        )
        .orderBy(...newestFirst)
        .limit(51),
    newest: (limit: number) =>
      db
        .select()
        .from(entry)
        .where(isListed)
        .orderBy(...newestFirst)
        .limit(limit),
  }
}

/** What is new has to be indexed, however it came in; an insert itself only counts it. */
import { eq, sql } from 'drizzle-orm'
import fc from 'fast-check'
import { beforeEach, expect, it } from 'vitest'
import type { AppDatabase } from '../../../src/app/index.ts'
import { indexPending } from '../../../src/app/search/index-pending.ts'
import { noteInserted } from '../../../src/app/search/note-inserted.ts'
import type { SqlExecutor } from '../../../src/internal/sql-connection.ts'
import { createPGliteConnection } from '../../../src/pglite/pglite-connection.ts'
import { appSchema } from '../../../src/schema/app.ts'
import { useAppDatabase } from '../data/open-app.ts'

const { collection, entry } = appSchema
const theApp = useAppDatabase()
let app: AppDatabase
let statements: string[]
let executor: SqlExecutor
beforeEach(async () => {
  app = theApp()
  statements = []
  const connection = createPGliteConnection(app.pgClient, {})
  executor = {
    ...connection,
    query: (text, params) => {
      statements.push(text)
      return connection.query(text, params)
    },
  }
  await app.db.insert(collection).values({ id: 'c', name: 'C' })
  while ((await indexPending(executor)) > 0);
  statements = []
})

const insert = (...ids: string[]) =>
  app.db.insert(entry).values(ids.map((id) => ({ id, title: id, collectionId: 'c' })))
const looksAtAll = () => statements.length > 0

/** Entries that no index would ever be made of. */
async function forgotten(): Promise<unknown[]> {
  const { rows } = await app.pgClient.query(
    `select id from entry e where not exists (select from entry_search where entry_id = e.id)
      and not exists (select from entry_search_pending where entry_id = e.id)`,
  )
  return rows
}

async function pending(): Promise<string[]> {
  const { rows } = await app.pgClient.query<{ id: string }>('select entry_id as id from entry_search_pending')
  return rows.map(({ id }) => id).toSorted()
}

it('finds new entries by their keys, each once', async () => {
  await insert('1', '2', '3')
  await noteInserted(executor)
  await insert('4')
  await noteInserted(executor)
  await noteInserted(executor)
  expect(await pending()).toEqual(['1', '2', '3', '4'])
  expect(looksAtAll()).toBe(false)
})

it.each<[string, () => Promise<unknown>, string[]]>([
  ['has an older key', () => insert('3', '4'), ['3', '4']],
  [
    'is older than a pending one',
    () =>
      insert('8')
        .then(() => noteInserted(executor))
        .then(() => insert('4')),
    ['4', '8'],
  ],
  ['was deleted again', () => insert('9').then(() => app.db.delete(entry).where(eq(entry.id, '9'))), []],
  [
    'was rolled back',
    () =>
      app.db.transaction((tx) =>
        tx
          .insert(entry)
          .values(last)
          .then(() => tx.rollback()),
      ),
    [],
  ],
  ['was counted before a crash', () => app.db.execute(sql`select nextval('entry_inserts')`), []],
])('looks at all entries after one that %s, and then no more', async (_, change, found) => {
  await insert('5', '6')
  await indexPending(executor)
  statements = []
  await change().catch(() => undefined)
  await noteInserted(executor)
  expect(looksAtAll()).toBe(true)
  expect(await pending()).toEqual(found)
  statements = []
  await insert('99')
  await noteInserted(executor)
  expect(await pending()).toEqual([...found, '99'].toSorted())
  expect(looksAtAll()).toBe(false)
})

const last = { id: '9', title: '9', collectionId: 'c' }

it('counts what an insert that meets an older row adds, and nothing else', async () => {
  await insert('1')
  await noteInserted(executor)
  await app.db
    .insert(entry)
    .values([last, { ...last, id: '1' }])
    .onConflictDoNothing()
  await app.db
    .insert(entry)
    .values([{ ...last, id: '1' }])
    .onConflictDoUpdate({ target: entry.id, set: { userId: 'somebody' } })
  await noteInserted(executor)
  expect(await pending()).toEqual(['1', '9'])
  expect(looksAtAll()).toBe(false)
})

it('forgets none, whatever happens to them', async () => {
  const ids = fc.array(fc.integer({ min: 0, max: 30 }).map(String), { minLength: 1, maxLength: 4 })
  const step = fc.oneof(
    fc.record({ kind: fc.constant('insert'), ids }),
    fc.record({ kind: fc.constantFrom('roll back', 'delete', 'rename', 'change', 'note', 'index', 'truncate'), ids }),
  )
  const run: Record<string, (ids: string[]) => Promise<unknown>> = {
    insert: (ids) => app.db.execute(insertAll(ids)),
    'roll back': (ids) => app.pgClient.exec(`begin; ${insertText(ids)}; rollback`),
    delete: ([id = '']) => app.db.delete(entry).where(eq(entry.id, id)),
    rename: ([id = '', to = '']) =>
      app.db.execute(
        sql`update entry set id = ${to} where id = ${id} and not exists (select from entry where id = ${to})`,
      ),
    change: ([id = '']) => app.db.update(entry).set({ title: 'changed' }).where(eq(entry.id, id)),
    note: () => noteInserted(executor),
    index: () => indexPending(executor, { entries: 2, bytes: 1_000_000 }),
    truncate: () => app.pgClient.exec('truncate entry cascade'),
  }
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 25 }), async (steps) => {
      for (const { kind, ids } of steps) {
        await run[kind]?.(ids)
        if (kind === 'note' || kind === 'index') expect(await forgotten()).toEqual([])
      }
      await noteInserted(executor)
      expect(await forgotten()).toEqual([])
    }),
    { numRuns: 100 },
  )
})

const insertText = (ids: readonly string[]) =>
  `insert into entry (id, title, collection_id) values ${ids.map((id) => `('${id}', '', 'c')`).join()} on conflict do nothing`
const insertAll = (ids: readonly string[]) => sql.raw(insertText(ids))

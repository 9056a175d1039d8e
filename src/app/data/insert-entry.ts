/** The statement that adds an entry, written once for many: that takes longer than checking what goes into it. */
import { and, eq, getTableColumns, sql } from 'drizzle-orm'
import type { SQL } from 'drizzle-orm'
import { collection, entry } from '../../schema/app.ts'
import type { Entry } from '../../schema/app.ts'
import type { AppExecutor } from './app-executor.ts'
import { visible } from './row-filter.ts'
import { within } from './row-scope.ts'
import type { RowScope } from './row-scope.ts'

/** What an entry is made of; its owner is its collection's. */
export interface InsertedEntry extends Pick<Entry, 'id' | 'title' | 'collectionId' | 'createdAt' | 'updatedAt'> {
  readonly content?: string | null | undefined
}

/** Inserts an entry, and gives no row when its collection is not there. */
export type InsertEntry = (values: InsertedEntry) => Promise<Entry[]>

/** Writes the statement. */
export function prepareInsertEntry(executor: AppExecutor, scope: RowScope): InsertEntry {
  const given = (field: keyof InsertedEntry) =>
    sql`${sql.param(sql.placeholder(field), entry[field])}::${sql.raw(entry[field].getSQLType())}`
  const values: Readonly<Record<keyof Entry, SQL>> = {
    id: given('id'),
    title: given('title'),
    content: given('content'),
    collectionId: sql`${collection.id}`,
    userId: sql`${collection.userId}`,
    createdAt: given('createdAt'),
    updatedAt: given('updatedAt'),
    deletedAt: sql`null::timestamptz`,
  }
  const isHome = and(
    eq(collection.id, sql.placeholder('collectionId')),
    within(scope, collection.userId),
    visible(collection.deletedAt),
  )
  // Drizzle names every column of the table, in their order.
  const selected = Object.keys(getTableColumns(entry)).map((field) => values[field as keyof Entry])
  const statement = executor
    .insert(entry)
    .select(sql`select ${sql.join(selected, sql`, `)} from ${collection} where ${isHome}`)
    .returning()
    .prepare('typyst_insert_entry')
  return ({ content = null, ...row }) => statement.execute({ ...row, content })
}

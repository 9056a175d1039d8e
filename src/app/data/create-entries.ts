/** Entries, everybody's or one user's. */
import { and, count, eq, getTableColumns, isNotNull, sql } from 'drizzle-orm'
import type { SQL } from 'drizzle-orm'
import { collection, entry } from '../../schema/app.ts'
import type { Entry } from '../../schema/app.ts'
import { createId } from '../create-id.ts'
import type { AppExecutor } from './app-executor.ts'
import { bindAsGiven } from './bind-value.ts'
import type { BindValue } from './bind-value.ts'
import { checkArgument, checkValues } from './check-values.ts'
import type { EntryChanges, EntryFilter, EntryRepository, EntryValues } from './entry-repository.ts'
import { entryChangeRules, entryRules, rowIdRule } from './field-rules.ts'
import { prepareInsertEntry } from './insert-entry.ts'
import type { InsertEntry } from './insert-entry.ts'
import { createListPage } from './list-page.ts'
import { pickColumns } from './pick-columns.ts'
import { changed, changedNow, orNotFound, trashedFor } from './row-changes.ts'
import { filterRows, visible } from './row-filter.ts'
import { within } from './row-scope.ts'
import type { RowScope } from './row-scope.ts'

const columns = getTableColumns(entry)
const allFields = Object.keys(columns)
const listedFields = allFields.filter((field) => field !== 'content')
const texts = [entry.title, entry.content]
const sortKeys = {
  title: { column: entry.title, type: 'text' },
  created: { column: entry.createdAt, type: 'timestamptz' },
  updated: { column: entry.updatedAt, type: 'timestamptz' },
} as const

/** Builds the repository. */
export function createEntries(executor: AppExecutor, scope: RowScope): EntryRepository {
  const own = within(scope, entry.userId)
  const isVisible = visible(entry.deletedAt)
  const isEntry = (id: string) => {
    checkArgument('id', rowIdRule, id)
    return and(eq(entry.id, id), own)
  }
  const matches = ({ collectionId, ...filter }: EntryFilter, bind = bindAsGiven) =>
    and(own, isIn(collectionId, bind), filterRows(entry, texts, filter, bind))
  const listPage = createListPage(executor, { table: entry, id: entry.id, sortKeys })
  const isHome = (id: string | SQL) => {
    if (typeof id === 'string') checkArgument('collectionId', rowIdRule, id)
    return and(eq(collection.id, id), within(scope, collection.userId), visible(collection.deletedAt))
  }
  /** Where an entry goes and whose it is by that: looked up by the statement that writes it, and null when not found. */
  const homeFor = (id: string | SQL) => ({
    collectionId: sql`(select ${collection.id} from ${collection} where ${isHome(id)})`,
    userId:
      scope.kind === 'user' ? scope.userId : sql`(select ${collection.userId} from ${collection} where ${isHome(id)})`,
  })
  const toRow = (values: EntryValues) => {
    const {
      id = createId(),
      createdAt = new Date(),
      ...rest
    } = checkValues(entry, entryRules, values, ['title', 'collectionId'])
    return { ...rest, id, createdAt, updatedAt: new Date() }
  }
  let insertHere: InsertEntry | undefined
  /** Changes an entry, and its collection and owner with it. */
  const changeWithHome = async (tx: AppExecutor, set: object, condition: SQL | undefined) => {
    const home = { collectionId: sql`${collection.id}`, userId: sql`${collection.userId}` }
    const rows = await tx
      .update(entry)
      .set({ ...set, ...home, updatedAt: changedNow(entry.updatedAt) })
      .from(collection)
      .where(condition)
      .returning(columns)
    return changed(rows, 'entry')
  }

  return {
    async create(values, { tx = executor } = {}) {
      const insert = tx === executor ? (insertHere ??= prepareInsertEntry(tx, scope)) : prepareInsertEntry(tx, scope)
      return changed(await insert(toRow(values)), 'collection')
    },
    async get(id, { columns = allFields, deleted, tx = executor } = {}) {
      const condition = and(isEntry(id), visible(entry.deletedAt, deleted))
      const [row] = await tx.select(pickColumns(entry, columns)).from(entry).where(condition)
      // The columns that were asked for, by name.
      return row as Entry | undefined
    },
    async list({ columns = listedFields, tx = executor, ...options } = {}) {
      const condition = (bind: BindValue) => matches(options, bind)
      return listPage(tx, { columns: pickColumns(entry, columns), condition }, options)
    },
    async count({ tx = executor, ...filter } = {}) {
      const [row] = await tx.select({ rows: count() }).from(entry).where(matches(filter))
      return row?.rows ?? 0
    },
    async countByCollection({ tx = executor, ...filter } = {}) {
      const rows = await tx
        .select({ id: entry.collectionId, rows: count() })
        .from(entry)
        .where(matches(filter))
        .groupBy(entry.collectionId)
      return new Map(rows.map(({ id, rows }) => [id, rows]))
    },
    async update(id, changes, { tx = executor } = {}) {
      const condition = and(isEntry(id), isVisible)
      return changed(await tx.update(entry).set(toSet(changes)).where(condition).returning(), 'entry')
    },
    async upsert(values, { tx = executor } = {}) {
      checkArgument('id', entryRules.id, values.id)
      const row = toRow(values)
      const { collectionId, userId } = homeFor(row.collectionId)
      const insert = tx
        .insert(entry)
        .values({ ...row, collectionId, userId })
        .onConflictDoUpdate({
          target: entry.id,
          set: { ...toSet(values), collectionId, userId },
          setWhere: and(own, isVisible) ?? sql`true`,
        })
        .returning()
      return changed(await orNotFound(insert, 'collection'), 'entry')
    },
    async move(id, { to, tx = executor }) {
      return changeWithHome(tx, {}, and(isEntry(id), isVisible, isHome(to)))
    },
    async duplicate(id, changes = {}, { to, tx = executor } = {}) {
      const condition = and(isEntry(id), isVisible)
      const original = (column: SQL | typeof entry.title | typeof entry.content | typeof entry.collectionId) =>
        sql`(select ${column} from ${entry} where ${condition})`
      const createdAt = new Date()
      const { title = original(entry.title), content = original(entry.content) } = checkValues(
        entry,
        entryChangeRules,
        changes,
      )
      const copy = {
        title,
        content,
        id: createId(),
        createdAt,
        updatedAt: createdAt,
        ...homeFor(to ?? original(entry.collectionId)),
      }
      return changed(await orNotFound(tx.insert(entry).values(copy).returning(), 'entry'), 'entry')
    },
    async trash(id, { tx = executor } = {}) {
      const set = { deletedAt: new Date(), updatedAt: changedNow(entry.updatedAt) }
      return changed(
        await tx
          .update(entry)
          .set(set)
          .where(and(isEntry(id), isVisible))
          .returning(),
        'entry',
      )
    },
    async restore(id, { to, tx = executor } = {}) {
      const condition = and(isEntry(id), isNotNull(entry.deletedAt), isHome(to ?? sql`${entry.collectionId}`))
      return changeWithHome(tx, { deletedAt: null }, condition)
    },
    async delete(id, { tx = executor } = {}) {
      changed(await tx.delete(entry).where(isEntry(id)).returning({ id: entry.id }), 'entry')
    },
    async emptyTrash({ olderThanMs, tx = executor } = {}) {
      return (await tx.delete(entry).where(and(own, trashedFor(entry.deletedAt, olderThanMs)))).rowCount
    },
  }
}

function isIn(collectionId: string | readonly string[] | undefined, bind: BindValue): SQL | undefined {
  const { collectionId: column } = entry
  if (collectionId === undefined) return undefined
  if (typeof collectionId === 'string') return eq(column, bind(collectionId, column))
  return collectionId.length === 0 ? sql`false` : sql`${column} in ${collectionId.map((id) => bind(id, column))}`
}

function toSet(changes: EntryChanges) {
  return { ...checkValues(entry, entryChangeRules, changes), updatedAt: changedNow(entry.updatedAt) }
}

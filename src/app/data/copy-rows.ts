/** Copies rows from one app database into another. */
import { and, asc, eq, exists, gt, inArray } from 'drizzle-orm'
import type { SQL } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { TypystDbError } from '../../errors.ts'
import { collection, collectionSettings, entry } from '../../schema/app.ts'
import type { AppExecutor } from './app-executor.ts'
import type { RowCounts } from './change-owner.ts'
import { checkArgument } from './check-values.ts'
import { userIdRule } from './field-rules.ts'
import { ownedBy } from './row-scope.ts'

/** Whose rows are copied, and whose the copies are. */
export interface CopyOptions {
  /**
   * The user whose rows are copied; `null` for nobody's.
   *
   * @defaultValue everybody's
   */
  readonly of?: string | null | undefined
  /**
   * The user whose the copies are; `null` for nobody's.
   *
   * @defaultValue the same as before
   */
  readonly as?: string | null | undefined
}

/** How many rows are in memory at once. */
const batchRows = 100

/**
 * Copies rows with their keys and times, the trash included. Everything or nothing arrives; what is there already, by its
 * key, stays as it is, so that a copy can be repeated.
 *
 * @returns How many rows were added.
 * @throws TypystDbError `OWNER_MISMATCH` when a collection that is there belongs to another user than the rows for it.
 */
export async function copyRows(source: AppExecutor, target: AppExecutor, options: CopyOptions): Promise<RowCounts> {
  for (const name of ['of', 'as'] as const) {
    const userId = options[name]
    if (userId !== undefined && userId !== null) checkArgument(name, userIdRule, userId)
  }
  if (source === target) {
    throw new TypystDbError('INVALID_INPUT', 'A database cannot be copied into itself. Pass another one to `copyTo`.')
  }
  const { of: owner, as: newOwner } = options
  const own = owner === undefined ? undefined : ownedBy(owner, collection.userId)
  const stamp = newOwner === undefined ? {} : { userId: newOwner }
  // Within one transaction, so that no entry is read whose collection was made after the collections were.
  return source.transaction((from) =>
    target.transaction(async (into) => {
      const made = new Set<string>()
      const settle = <TRow extends OwnedRow>(rows: readonly TRow[]) =>
        settleOwners(
          into,
          rows.map((row) => ({ ...row, ...stamp })),
          made,
        )
      const isCopied = (collectionId: PgColumn) =>
        exists(
          from
            .select()
            .from(collection)
            .where(and(eq(collection.id, collectionId), own)),
        )
      const collections = await inBatches(
        (condition) =>
          from.select().from(collection).where(and(own, condition)).orderBy(asc(collection.id)).limit(batchRows),
        async (rows) => {
          const added = await into
            .insert(collection)
            .values(rows.map((row) => ({ ...row, ...stamp })))
            .onConflictDoNothing()
            .returning({ id: collection.id })
          for (const { id } of added) made.add(id)
          return { rowCount: added.length }
        },
        collection.id,
      )
      const settings = await inBatches(
        (condition) =>
          from
            .select()
            .from(collectionSettings)
            .where(and(isCopied(collectionSettings.collectionId), condition))
            .orderBy(asc(collectionSettings.id))
            .limit(batchRows),
        async (rows) =>
          into
            .insert(collectionSettings)
            .values(await settle(rows))
            .onConflictDoNothing(),
        collectionSettings.id,
      )
      const entries = await inBatches(
        (condition) =>
          from
            .select()
            .from(entry)
            .where(and(isCopied(entry.collectionId), condition))
            .orderBy(asc(entry.id))
            .limit(batchRows),
        async (rows) =>
          into
            .insert(entry)
            .values(await settle(rows))
            .onConflictDoNothing(),
        entry.id,
      )
      return { collections, entries, settings }
    }),
  )
}

/** A row in a collection. */
interface OwnedRow {
  readonly collectionId: string
  readonly userId: string | null
}

/**
 * Gives rows that come into a collection which was there to the owner of that, as an import does.
 *
 * @param made - The collections that came with the rows; those stay as they were.
 * @throws TypystDbError `OWNER_MISMATCH` when a row and the collection it would come into belong to two users.
 */
async function settleOwners<TRow extends OwnedRow>(
  into: AppExecutor,
  rows: readonly TRow[],
  made: ReadonlySet<string>,
): Promise<TRow[]> {
  const places = [...new Set(rows.map(({ collectionId }) => collectionId))].filter((id) => !made.has(id))
  if (places.length === 0) return [...rows]
  const found = await into
    .select({ id: collection.id, userId: collection.userId })
    .from(collection)
    .where(inArray(collection.id, places))
  const owners = new Map(found.map(({ id, userId }) => [id, userId]))
  return rows.map((row) => {
    const owner = owners.get(row.collectionId)
    if (owner === undefined || owner === row.userId) return row
    if (owner !== null && row.userId !== null) throw mismatch()
    return { ...row, userId: owner }
  })
}

function mismatch(): TypystDbError {
  return new TypystDbError(
    'OWNER_MISMATCH',
    'The target has a collection of another user under the key of one that is copied. Nothing was copied. Copy into a database of its own, as `userDataDir` names one for each user.',
  )
}

/** Reads by key, batch after batch, and writes each; gives how many rows were written. */
async function inBatches<TRow extends { readonly id: string }>(
  read: (condition: SQL | undefined) => PromiseLike<TRow[]>,
  write: (rows: TRow[]) => PromiseLike<{ readonly rowCount: number }>,
  key: PgColumn,
): Promise<number> {
  let written = 0
  let last: TRow | undefined
  do {
    const rows = await read(last && gt(key, last.id))
    last = rows.at(-1)
    if (last) written += (await write(rows)).rowCount
  } while (last)
  return written
}

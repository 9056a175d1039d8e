/** Gives the rows of one owner to another one: what `claim` and `release` are. */
import { and, eq, exists, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { collection, collectionSettings, entry } from '../../schema/app.ts'
import type { AppExecutor, WithTransaction } from './app-executor.ts'
import { checkArgument } from './check-values.ts'
import { userIdRule } from './field-rules.ts'
import { ownedBy } from './row-scope.ts'

/** How many rows were concerned, the trash included. */
export interface RowCounts {
  readonly collections: number
  readonly entries: number
  readonly settings: number
}

/** Who gets nobody's rows. */
export interface ClaimOptions extends WithTransaction {
  /** The id of the user who signed in. */
  readonly to: string
}

/** Whose rows are meant. */
export interface OwnerOptions extends WithTransaction {
  /** The id of a user. */
  readonly of: string
}

/** Gives nobody's rows to a user. */
export function claimRows(executor: AppExecutor, { to, tx = executor }: ClaimOptions): Promise<RowCounts> {
  checkArgument('to', userIdRule, to)
  return changeOwner(tx, null, to)
}

/** Makes a user's rows nobody's. */
export function releaseRows(executor: AppExecutor, { of, tx = executor }: OwnerOptions): Promise<RowCounts> {
  checkArgument('of', userIdRule, of)
  return changeOwner(tx, of, null)
}

function changeOwner(executor: AppExecutor, from: string | null, to: string | null): Promise<RowCounts> {
  return executor.transaction(async (tx) => {
    // Nothing of the rows' contents changes, and a list by time of change should not be turned upside down.
    const handOver = (updatedAt: PgColumn) => ({ userId: to, updatedAt: sql`${updatedAt}` })
    const isWithOwner = (collectionId: PgColumn) =>
      exists(
        tx
          .select()
          .from(collection)
          .where(and(eq(collection.id, collectionId), ownedBy(to, collection.userId))),
      )
    const collections = await tx
      .update(collection)
      .set(handOver(collection.updatedAt))
      .where(ownedBy(from, collection.userId))
    const settings = await tx
      .update(collectionSettings)
      .set(handOver(collectionSettings.updatedAt))
      .where(and(ownedBy(from, collectionSettings.userId), isWithOwner(collectionSettings.collectionId)))
    const entries = await tx
      .update(entry)
      .set(handOver(entry.updatedAt))
      // What lies in a third one's collection stays there.
      .where(and(ownedBy(from, entry.userId), isWithOwner(entry.collectionId)))
    return { collections: collections.rowCount, entries: entries.rowCount, settings: settings.rowCount }
  })
}

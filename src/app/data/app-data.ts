/** The repositories of an app database, for everybody's rows and for one user's. */
import { checkCalls } from '../../internal/check-arguments.ts'
import type { AppExecutor, WithTransaction } from './app-executor.ts'
import { claimRows, releaseRows } from './change-owner.ts'
import type { ClaimOptions, OwnerOptions, RowCounts } from './change-owner.ts'
import type { CollectionRepository } from './collection-repository.ts'
import { copyRows } from './copy-rows.ts'
import type { CopyOptions } from './copy-rows.ts'
import { createCollections } from './create-collections.ts'
import { createEntries } from './create-entries.ts'
import { createSettings } from './create-settings.ts'
import { appDataCalls, collectionCalls, entryCalls, settingsCalls, userDataCalls } from './data-calls.ts'
import type { EntryRepository } from './entry-repository.ts'
import { findOrphans } from './find-orphans.ts'
import type { Orphans } from './find-orphans.ts'
import { eraseDeleted, removeRows } from './remove-owner.ts'
import type { Search, SearchOptions } from '../search/search.ts'
import { scopeOf } from './row-scope.ts'
import type { RowScope } from './row-scope.ts'
import type { SettingsRepository } from './settings-repository.ts'

/** Collections, entries and settings. */
export interface Repositories {
  /** Folders of entries. */
  readonly collections: CollectionRepository
  /** The notes. */
  readonly entries: EntryRepository
  /** How collections are shown, one row each. */
  readonly settings: SettingsRepository
}

/** The repositories inside a transaction: each method takes part in it without being told. */
export interface RepositoriesInTransaction<TTx extends AppExecutor = AppExecutor> extends Repositories {
  /** The Drizzle transaction. */
  readonly tx: TTx
}

/** The repositories, bound to one user by `forUser` or to nobody. */
export interface UserData<TTx extends AppExecutor = AppExecutor> extends Repositories {
  /** Finds entries by the words in their titles and contents. */
  readonly search: Search
  /**
   * Runs a transaction on what it gives to `run`; commits when that resolves and rolls back when it rejects. Inside, use
   * nothing but that: the database itself waits for the transaction to end, and is refused after a while.
   *
   * @throws TypystDbError what a query throws; what `run` throws passes unchanged.
   */
  transaction<T>(run: (inside: RepositoriesInTransaction<TTx>) => Promise<T>): Promise<T>
}

/** Everything an app database offers for rows. */
export interface AppData<TTx extends AppExecutor = AppExecutor> extends UserData<TTx> {
  /**
   * The repositories for the rows of one user: what is added gets the user's id, nobody else's rows are seen, and none can
   * be changed, not even by moving an entry into another's collection. `null` gives the rows of nobody, for an app before
   * anybody signs in.
   *
   * This keeps an app's own queries apart, not its users: whoever has the device can read the whole database.
   *
   * @throws TypystDbError `INVALID_INPUT` for what is no user's id, `undefined` above all.
   */
  forUser(userId: string | null): UserData<TTx>
  /**
   * Gives the rows of nobody to a user, after they signed in; the trash included. In one transaction, and doing it again
   * changes nothing. When rows were last changed stays as it is.
   *
   * @returns How many rows there were.
   * @throws TypystDbError `INVALID_INPUT` for what is no user's id.
   */
  claim(options: ClaimOptions): Promise<RowCounts>
  /**
   * The reverse of `claim`: makes the rows of a user nobody's, who keeps them without an account then. Whoever claims next
   * gets them, so on a shared computer use `remove`. Whose they were is erased like what `remove` deletes, except within
   * `tx`: there Postgres keeps the old rows until they are vacuumed.
   *
   * @returns How many rows there were.
   * @throws TypystDbError `INVALID_INPUT` for what is no user's id.
   */
  release(options: OwnerOptions): Promise<RowCounts>
  /**
   * Deletes the rows of a user for good, trash included, for signing out on a shared computer, and rewrites the tables, so
   * that nothing in the database's files or its storage holds them any more. Takes as long as writing what the others
   * have. Call it when a user asks for it, never because a request failed: offline is not signed out. What the browser
   * itself or the disk under it does with bytes that were deleted is theirs.
   *
   * @returns How many rows there were.
   * @throws TypystDbError `INVALID_INPUT` for what is no user's id. When rewriting fails, the rows are deleted; call it again.
   */
  remove(options: Omit<OwnerOptions, keyof WithTransaction>): Promise<RowCounts>
  /**
   * The users of rows who are not among the given ones, so that their rows can be removed. Pass every user there is: with a
   * list that could not be fetched, everybody would look like an orphan.
   */
  orphans(knownUserIds: Iterable<string>, options?: WithTransaction): Promise<Orphans[]>
  /**
   * Copies rows into another app database, with their keys and times, the trash included; everything or nothing. What is
   * there already stays as it is, so it can be repeated.
   *
   * @returns How many rows were added.
   * @throws TypystDbError `INVALID_INPUT` when it is the same database, or for what is no user's id; `OWNER_MISMATCH` when a
   *   collection that the target has belongs to another user than the rows that would come into it.
   */
  copyTo(target: { readonly db: AppExecutor }, options?: CopyOptions): Promise<RowCounts>
}

/** What the repositories run on. */
export interface AppDataSource<TTx extends AppExecutor> {
  readonly db: Omit<AppExecutor, 'transaction'> & { transaction<T>(run: (tx: TTx) => Promise<T>): Promise<T> }
  readonly search: Search
  /** Resolves when every change is stored, and nothing else any more. */
  scrub(): Promise<void>
}

/** Builds them; nothing runs until a method is called. */
export function createAppData<TTx extends AppExecutor>(source: AppDataSource<TTx>): AppData<TTx> {
  const { db, search } = source
  const repositories = (executor: AppExecutor, scope: RowScope): Repositories => ({
    collections: checkCalls('collections.', collectionCalls, createCollections(executor, scope)),
    entries: checkCalls('entries.', entryCalls, createEntries(executor, scope)),
    settings: checkCalls('settings.', settingsCalls, createSettings(executor, scope)),
  })
  const dataOf = (scope: RowScope): UserData<TTx> => ({
    ...repositories(db, scope),
    ...checkCalls('', userDataCalls, {
      search:
        scope.kind === 'everybody'
          ? search
          : (text: string, options?: SearchOptions) => search(text, { ...options, userId: scope.userId }),
      transaction: <T>(run: (inside: RepositoriesInTransaction<TTx>) => Promise<T>) =>
        db.transaction((tx) => run({ ...repositories(tx, scope), tx })),
    }),
  })
  const erase = async () => {
    await eraseDeleted(db)
    await source.scrub()
  }
  const onEverything: Omit<AppData<TTx>, keyof UserData> = {
    forUser: (userId) => dataOf(scopeOf(userId)),
    claim: (options) => claimRows(db, options),
    async release(options) {
      const counts = await releaseRows(db, options)
      if (!options.tx) await erase()
      return counts
    },
    async remove({ of: userId }) {
      const counts = await removeRows(db, userId)
      await erase()
      return counts
    },
    orphans: (knownUserIds, { tx = db } = {}) => findOrphans(tx, knownUserIds),
    copyTo: (target, options = {}) => copyRows(db, target.db, options),
  }
  return { ...dataOf({ kind: 'everybody' }), ...checkCalls('', appDataCalls, onEverything) }
}

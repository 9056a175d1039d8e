/** What `app.settings` and `app.forUser(id).settings` offer. */
import type { CollectionSettings } from '../../schema/app.ts'
import type { WithTransaction } from './app-executor.ts'

/** What of a collection's settings can be set; `null` for none. */
export interface SettingsValues {
  /** Up to 50 characters. */
  readonly sortBy?: string | null | undefined
  readonly sortOrder?: 'asc' | 'desc' | null | undefined
  /** Up to 50 characters. */
  readonly viewMode?: string | null | undefined
}

/** The settings of collections, one row each. Those of a collection in the trash are invisible as it is. */
export interface SettingsRepository {
  /** The settings of a collection, or `undefined` when none were set. */
  get(collectionId: string, options?: WithTransaction): Promise<CollectionSettings | undefined>
  /** The settings of every collection that has some, by its id. */
  list(options?: WithTransaction): Promise<ReadonlyMap<string, CollectionSettings>>
  /** How many collections have settings. */
  count(options?: WithTransaction): Promise<number>
  /**
   * Sets the given fields; the others stay.
   *
   * @throws TypystDbError `NOT_FOUND` when there is no such collection, `INVALID_INPUT` naming a field.
   */
  upsert(collectionId: string, values: SettingsValues, options?: WithTransaction): Promise<CollectionSettings>
  /** Deletes the settings of a collection, when there are some. */
  delete(collectionId: string, options?: WithTransaction): Promise<void>
}

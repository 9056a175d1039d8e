/** What `app.collections` and `app.forUser(id).collections` offer. */
import type { Collection } from '../../schema/app.ts'
import type { WithTransaction } from './app-executor.ts'
import type { Page, PageOptions } from './list-page.ts'
import type { DeletedRows, RowFilter } from './row-filter.ts'

/** What a new collection is made of. */
export interface CollectionValues {
  /** A UUID of version 7, made elsewhere; by default a new one. */
  readonly id?: string | undefined
  /** 1 to 200 characters. */
  readonly name: string
  /** Up to 2,000 characters. */
  readonly description?: string | null | undefined
  /** A colour in hexadecimal (`#1e90ff`), or a word such as the name of a colour. */
  readonly color?: string | null | undefined
  /** Up to 64 characters: an emoji, or a name. */
  readonly icon?: string | null | undefined
  /** Whose it is; `forUser` stamps its own. The entries and the settings of a collection belong to its owner. */
  readonly userId?: string | null | undefined
  /** By default now. */
  readonly createdAt?: Date | undefined
}

/** What of a collection can be changed. */
export type CollectionChanges = {
  readonly [Field in 'name' | 'description' | 'color' | 'icon']?: CollectionValues[Field] | undefined
}

/** What a list of collections is to hold. */
export interface CollectionListOptions<TField extends keyof Collection>
  extends RowFilter, PageOptions<'name' | 'created' | 'updated'>, WithTransaction {
  /**
   * The fields of the rows.
   *
   * @defaultValue all
   */
  readonly columns?: readonly TField[] | undefined
}

/** What to read of one row. */
export interface GetOptions<TField> extends WithTransaction {
  /**
   * The fields to read.
   *
   * @defaultValue all
   */
  readonly columns?: readonly TField[] | undefined
  /**
   * Whether a row in the trash is meant.
   *
   * @defaultValue `exclude`
   */
  readonly deleted?: DeletedRows | undefined
}

/** How much of the trash to empty. */
export interface EmptyTrashOptions extends WithTransaction {
  /**
   * How long a row stays in the trash, in milliseconds; what was put there later is kept.
   *
   * @defaultValue 0: everything goes
   */
  readonly olderThanMs?: number | undefined
}

/**
 * Collections. Those in the trash are invisible unless asked for, and their entries with them. Every method throws
 * `INVALID_INPUT` for values that cannot be, and what a query can throw.
 */
export interface CollectionRepository {
  /**
   * Adds a collection.
   *
   * @throws TypystDbError `UNIQUE_VIOLATION` when there is one with that id, the trash included.
   */
  create(values: CollectionValues, options?: WithTransaction): Promise<Collection>
  /** One collection, or `undefined`. */
  get<TField extends keyof Collection = keyof Collection>(
    id: string,
    options?: GetOptions<TField>,
  ): Promise<Pick<Collection, TField> | undefined>
  /** A page of collections, by default the newest 50. */
  list<TField extends keyof Collection = keyof Collection>(
    options?: CollectionListOptions<TField>,
  ): Promise<Page<Pick<Collection, TField>>>
  /** How many there are; the text is looked for in name and description. */
  count(options?: RowFilter & WithTransaction): Promise<number>
  /**
   * Changes the given fields.
   *
   * @throws TypystDbError `NOT_FOUND`.
   */
  update(id: string, changes: CollectionChanges, options?: WithTransaction): Promise<Collection>
  /**
   * Adds a collection, or changes the given fields of the one with that id. Its owner and its time of creation stay.
   *
   * @throws TypystDbError `NOT_FOUND` when that one is in the trash or somebody else's.
   */
  upsert(values: CollectionValues & { readonly id: string }, options?: WithTransaction): Promise<Collection>
  /**
   * Makes a copy with the entries and the settings, except entries in the trash.
   *
   * @param changes - What the copy has otherwise, its name for one.
   * @throws TypystDbError `NOT_FOUND`.
   */
  duplicate(id: string, changes?: CollectionChanges, options?: WithTransaction): Promise<Collection>
  /**
   * Puts a collection into the trash, with its entries.
   *
   * @throws TypystDbError `NOT_FOUND`.
   */
  trash(id: string, options?: WithTransaction): Promise<Collection>
  /**
   * Takes a collection out of the trash, with the entries that went there with it; those put there before stay.
   *
   * @throws TypystDbError `NOT_FOUND` when it is not in the trash.
   */
  restore(id: string, options?: WithTransaction): Promise<Collection>
  /**
   * Deletes a collection for good, with its entries and settings; it need not be in the trash.
   *
   * @throws TypystDbError `NOT_FOUND`.
   */
  delete(id: string, options?: WithTransaction): Promise<void>
  /** Deletes the collections in the trash for good, and gives their number. */
  emptyTrash(options?: EmptyTrashOptions): Promise<number>
}

/** What `app.entries` and `app.forUser(id).entries` offer. */
import type { Entry } from '../../schema/app.ts'
import type { WithTransaction } from './app-executor.ts'
import type { EmptyTrashOptions, GetOptions } from './collection-repository.ts'
import type { Page, PageOptions } from './list-page.ts'
import type { RowFilter } from './row-filter.ts'

/** What a new entry is made of. Its owner is its collection's. */
export interface EntryValues {
  /** A UUID of version 7, made elsewhere; by default a new one. */
  readonly id?: string | undefined
  /** Up to 1,000 characters, also none. */
  readonly title: string
  /** Markdown, up to 33,554,432 characters. */
  readonly content?: string | null | undefined
  readonly collectionId: string
  /** By default now. */
  readonly createdAt?: Date | undefined
}

/** What of an entry can be changed; `move` changes its collection. */
export type EntryChanges = { readonly [Field in 'title' | 'content']?: EntryValues[Field] | undefined }

/** Which entries are meant. The text is looked for in title and content. */
export interface EntryFilter extends RowFilter {
  /** The collection they are in, or several. */
  readonly collectionId?: string | readonly string[] | undefined
}

/** The fields a list has unless told otherwise: all but the content, which may be long. */
export type ListedEntryField = Exclude<keyof Entry, 'content'>

/** What a list of entries is to hold. */
export interface EntryListOptions<TField extends keyof Entry>
  extends EntryFilter, PageOptions<'title' | 'created' | 'updated'>, WithTransaction {
  /**
   * The fields of the rows.
   *
   * @defaultValue all but `content`
   */
  readonly columns?: readonly TField[] | undefined
}

/** Where an entry is to go. */
export interface MoveOptions extends WithTransaction {
  /** The collection, which must be the same user's where the repository is one user's. */
  readonly to: string
}

/** What becomes of a copy or of a restored entry. */
export interface PlaceOptions extends WithTransaction {
  /**
   * The collection it goes to.
   *
   * @defaultValue the one it is or was in
   */
  readonly to?: string | undefined
}

/**
 * Entries. Those in the trash are invisible unless asked for. Every method throws `INVALID_INPUT` for values that cannot
 * be, and what a query can throw.
 */
export interface EntryRepository {
  /**
   * Adds an entry.
   *
   * @throws TypystDbError `NOT_FOUND` when its collection is not there, is in the trash or somebody else's;
   *   `UNIQUE_VIOLATION` when there is an entry with that id, the trash included.
   */
  create(values: EntryValues, options?: WithTransaction): Promise<Entry>
  /** One entry, or `undefined`. */
  get<TField extends keyof Entry = keyof Entry>(
    id: string,
    options?: GetOptions<TField>,
  ): Promise<Pick<Entry, TField> | undefined>
  /** A page of entries, by default the newest 50, without their contents. */
  list<TField extends keyof Entry = ListedEntryField>(
    options?: EntryListOptions<TField>,
  ): Promise<Page<Pick<Entry, TField>>>
  /** How many there are. */
  count(options?: EntryFilter & WithTransaction): Promise<number>
  /** How many there are in each collection that has some, by its id. */
  countByCollection(options?: EntryFilter & WithTransaction): Promise<ReadonlyMap<string, number>>
  /**
   * Changes the given fields.
   *
   * @throws TypystDbError `NOT_FOUND`.
   */
  update(id: string, changes: EntryChanges, options?: WithTransaction): Promise<Entry>
  /**
   * Adds an entry, or changes the given fields of the one with that id and moves it to the given collection. Its time of
   * creation stays.
   *
   * @throws TypystDbError `NOT_FOUND` when the entry or its collection is in the trash or somebody else's.
   */
  upsert(values: EntryValues & { readonly id: string }, options?: WithTransaction): Promise<Entry>
  /**
   * Moves an entry to another collection, whose owner becomes its own.
   *
   * @throws TypystDbError `NOT_FOUND` when the entry or the collection is not there, in the trash or somebody else's.
   */
  move(id: string, options: MoveOptions): Promise<Entry>
  /**
   * Makes a copy.
   *
   * @param changes - What the copy has otherwise, its title for one.
   * @throws TypystDbError `NOT_FOUND`.
   */
  duplicate(id: string, changes?: EntryChanges, options?: PlaceOptions): Promise<Entry>
  /**
   * Puts an entry into the trash.
   *
   * @throws TypystDbError `NOT_FOUND`.
   */
  trash(id: string, options?: WithTransaction): Promise<Entry>
  /**
   * Takes an entry out of the trash.
   *
   * @throws TypystDbError `NOT_FOUND` when it is not there, or its collection is in the trash too: restore that first, or
   *   pass another one as `to`.
   */
  restore(id: string, options?: PlaceOptions): Promise<Entry>
  /**
   * Deletes an entry for good; it need not be in the trash.
   *
   * @throws TypystDbError `NOT_FOUND`.
   */
  delete(id: string, options?: WithTransaction): Promise<void>
  /** Deletes the entries in the trash for good, and gives their number; those of a collection in the trash, too. */
  emptyTrash(options?: EmptyTrashOptions): Promise<number>
}

/** `app.search`: brings the index up to date, asks it, and marks what was found. */
import type { SqlConnection } from '../../internal/sql-connection.ts'
import { highlight, makeSnippet } from './highlight.ts'
import type { HighlightPart } from './highlight.ts'
import { indexPending, isIndexComplete } from './index-pending.ts'
import { parseQuery } from './query.ts'
import { searchEntries } from './search-entries.ts'

/** Which entries to search, and which page of what is found. */
export interface SearchOptions {
  /**
   * How many results a page has, 1 to 200.
   *
   * @defaultValue 20
   */
  readonly limit?: number | undefined
  /**
   * How many results come before the page: 0 for the first, `limit` for the second.
   *
   * @defaultValue 0
   */
  readonly offset?: number | undefined
  /**
   * Only entries of this collection.
   *
   * @defaultValue entries of all collections
   */
  readonly collectionId?: string | undefined
  /**
   * Only entries of this user; `null` for those of nobody.
   *
   * @defaultValue entries of everybody
   */
  readonly userId?: string | null | undefined
  /**
   * Finds entries in the trash too.
   *
   * @defaultValue false
   */
  readonly includeDeleted?: boolean | undefined
  /**
   * Answers at once from what is indexed, which right after a large import is not everything; `isComplete` tells.
   *
   * @defaultValue false
   */
  readonly skipPending?: boolean | undefined
}

/** An entry that a search found. */
export interface SearchResult {
  readonly id: string
  readonly title: string
  readonly collectionId: string
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly deletedAt: Date | null
  /** How well it matches; comparable within one search. */
  readonly rank: number
  /** The title with what was found marked. */
  readonly titleParts: readonly HighlightPart[]
  /** Some 180 characters of the content around what was found, or its beginning when only the title matches. */
  readonly snippetParts: readonly HighlightPart[]
}

/** One page of results, best first. */
export interface SearchPage {
  readonly results: readonly SearchResult[]
  /** Whether another page follows. */
  readonly hasMore: boolean
  /** Whether every entry was searched as it is now; false only with `skipPending`. */
  readonly isComplete: boolean
}

/**
 * Finds entries by the words in their titles and contents.
 *
 * @param text - What somebody typed; nothing in it is an operator or an error. Each word has to occur, and counts as the
 *   beginning of one. Case and accents make no difference.
 * @throws TypystDbError `INVALID_OPTIONS` for a limit or offset that cannot be one.
 */
export type Search = (text: string, options?: SearchOptions) => Promise<SearchPage>

/** What a search runs on. */
export interface SearchConnections {
  readonly observed: SqlConnection
  /** For what brings the index up to date. */
  readonly indexing: SqlConnection
}

/** Searches over a connection. */
export async function search(
  { observed, indexing }: SearchConnections,
  text: string,
  { limit = 20, offset = 0, includeDeleted = false, skipPending = false, ...owner }: SearchOptions = {},
): Promise<SearchPage> {
  const query = parseQuery(text)
  if (!query) return { results: [], hasMore: false, isComplete: true }
  while (!skipPending && (await indexPending(indexing)) > 0);
  const isComplete = !skipPending || (await isIndexComplete(indexing))
  const found = await searchEntries(observed, query, { ...owner, limit, offset, includeDeleted })
  const results = found.slice(0, limit).map(({ content, ...entry }) => ({
    ...entry,
    titleParts: highlight(entry.title, query.marks),
    snippetParts: makeSnippet(content, query.marks),
  }))
  return { results, hasMore: found.length > limit, isComplete }
}

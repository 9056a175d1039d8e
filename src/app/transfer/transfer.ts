/** `app.transfer`: everything into the database and out of it, its code loaded when first used. */
import { checkCalls } from '../../internal/check-arguments.ts'
import { loadCode } from '../../internal/load-code.ts'
import type { SqlConnection } from '../../internal/sql-connection.ts'
import type { NewEntry } from '../../schema/app.ts'
import { transferCalls } from '../app-calls.ts'
import type { ExportOptions } from './export-data.ts'
import type { MarkdownFile } from './export-markdown.ts'
import type { ImportDataOptions } from './import-data.ts'
import type { ImportEntriesOptions } from './import-entries.ts'
import type { ImportMarkdownOptions } from './import-markdown.ts'
import type { ImportCounts } from './insert-rows.ts'

/** Imports and exports. */
export interface Transfer {
  /**
   * Imports entries from any iteration, in batches; memory holds one. Batches before one that fails stay, unless
   * `allOrNothing` is set.
   *
   * An entry that is there keeps its owner, and a new one gets its collection's.
   *
   * @throws TypystDbError `EXPORT_INVALID` for an entry that cannot be one, `OWNER_MISMATCH` when a row belongs to another
   *   user, `FOREIGN_KEY_VIOLATION` for a collection that is not there, and what any insert throws.
   *
   * @example
   * ```ts
   * import { createAppDatabase, createId } from '@typyst/db/app'
   *
   * const app = createAppDatabase()
   * const titles = ['Soup', 'Bread']
   * await app.transfer.importEntries(
   *   titles.map((title) => ({ id: createId(), title, collectionId: 'recipes' })),
   *   { conflict: 'newer', onProgress: ({ read }) => console.log(read) },
   * )
   * ```
   */
  importEntries(
    source: AsyncIterable<NewEntry> | Iterable<NewEntry>,
    options?: ImportEntriesOptions,
  ): Promise<ImportCounts>
  /**
   * Exports all collections, settings and entries, the trash included, as gzipped lines of JSON: a format with a version,
   * which depends on no version of Postgres. What changes while the stream is read may or may not be in it.
   *
   * @example
   * ```ts
   * import { createAppDatabase } from '@typyst/db/app'
   *
   * const app = createAppDatabase()
   * const stream = await app.transfer.exportData({ passphrase: 'correct horse battery staple' })
   * const blob = await new Response(stream).blob() // to be downloaded, or imported elsewhere
   * await app.transfer.importData(blob, { passphrase: 'correct horse battery staple', conflict: 'newer' })
   * ```
   */
  exportData(options?: ExportOptions): Promise<ReadableStream<Uint8Array>>
  /**
   * Imports what `exportData` made. The whole of it is checked before anything is written, and written in one transaction.
   * Rows that are there keep their owners, and what is new in a collection that was there goes to that collection's owner.
   *
   * @throws TypystDbError `EXPORT_INVALID`, `EXPORT_NEWER`, `PASSPHRASE_WRONG`, or `OWNER_MISMATCH` when a row of it belongs
   *   to another user in this database; nothing was imported then.
   */
  importData(exported: Blob, options?: ImportDataOptions): Promise<ImportCounts>
  /**
   * Exports each entry as a Markdown file in the folder of its collection, with what Markdown has no place for in front
   * matter. Importing the files gives the same rows again.
   */
  exportMarkdown(): AsyncIterable<MarkdownFile>
  /**
   * Imports Markdown files. Those that `exportMarkdown` made become the entries they were; of others the whole text becomes
   * the content, the file's name or the front matter's `title` the title, and the folder the collection.
   *
   * @throws TypystDbError `EXPORT_INVALID` for a file whose row cannot be one, `OWNER_MISMATCH` when a row belongs to another
   *   user.
   */
  importMarkdown(
    files: AsyncIterable<MarkdownFile> | Iterable<MarkdownFile>,
    options?: ImportMarkdownOptions,
  ): Promise<ImportCounts>
}

/** Builds the transfer over a connection. */
export function createTransfer(connection: SqlConnection): Transfer {
  return checkCalls('transfer.', transferCalls, {
    importEntries: async (source, options) =>
      (await loadCode(() => import('./import-entries.ts'))).importEntries(connection, source, options),
    exportData: async (options) => (await loadCode(() => import('./export-data.ts'))).exportData(connection, options),
    importData: async (exported, options) =>
      (await loadCode(() => import('./import-data.ts'))).importData(connection, exported, options),
    async *exportMarkdown() {
      yield* (await loadCode(() => import('./export-markdown.ts'))).exportMarkdown(connection)
    },
    importMarkdown: async (files, options) =>
      (await loadCode(() => import('./import-markdown.ts'))).importMarkdown(connection, files, options),
  })
}

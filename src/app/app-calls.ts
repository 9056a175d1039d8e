/** What `createAppDatabase` and the methods of what it gives may be passed. */
import type { PGliteInterface, Transaction } from '@electric-sql/pglite'
import {
  anObject,
  bytes,
  callback,
  callbackOr,
  fits,
  flag,
  having,
  iterable,
  listOf,
  milliseconds,
  nullable,
  oneOf,
  optional,
  options,
  storable,
  text,
  whole,
  wholeText,
} from '../internal/argument-readers.ts'
import { atOnce, later } from '../internal/check-arguments.ts'
import type { CallRules, Reader } from '../internal/check-arguments.ts'
import { migrationReader } from '../internal/migration.ts'
import { queryHookReaders } from '../internal/query-hooks.ts'
import type { AppDatabaseCore } from './create-app-database.ts'
import { userIdRule } from './data/field-rules.ts'
import type { LiveQuery } from './live/live-query.ts'
import type { AppDatabaseOptions } from './options.ts'
import { searchCall } from './search/search-call.ts'
import type { ExportOptions } from './transfer/export-data.ts'
import type { ImportDataOptions } from './transfer/import-data.ts'
import type { ImportEntriesOptions } from './transfer/import-entries.ts'
import type { ImportMarkdownOptions } from './transfer/import-markdown.ts'
import type { ImportOptions } from './transfer/row-writer.ts'
import type { Transfer } from './transfer/transfer.ts'

/** Of `createAppDatabase`. */
export const appOptions: Reader = options<AppDatabaseOptions<Record<string, unknown>>>({
  ...queryHookReaders,
  dataDir: text,
  durability: oneOf('strict', 'relaxed'),
  onStorageChange: callback,
  memoryFallback: flag,
  onProgress: callback,
  worker: callback,
  leaderTimeoutMs: milliseconds,
  onEvent: callback,
  schema: anObject,
  migrations: listOf(migrationReader),
  transactionIdleTimeoutMs: milliseconds,
  debug: callbackOr(flag),
})

/** Of the database itself. */
export const appCalls: CallRules<AppDatabaseCore> = {
  search: searchCall,
  live: atOnce({ query: having('toSQL', 'then') }),
  ready: later(),
  flush: later(),
  preload: later(),
  status: later(),
  close: later(),
  destroy: later(),
}

/** Of a live query. */
export const liveQueryCalls: CallRules<LiveQuery<unknown>> = {
  subscribe: atOnce({ listener: callback }),
  getSnapshot: atOnce(),
  refresh: atOnce(),
  dispose: atOnce(),
}

const importing = {
  conflict: oneOf('skip', 'replace', 'newer'),
  batchRows: whole(1, 10_000),
  onProgress: callback,
  signal: having('throwIfAborted'),
} satisfies Record<keyof ImportOptions, Reader>

/** Of `app.transfer`. */
export const transferCalls: CallRules<Transfer> = {
  importEntries: later({
    source: iterable,
    options: optional(options<ImportEntriesOptions>({ ...importing, allOrNothing: flag })),
  }),
  exportData: later({ options: optional(options<ExportOptions>({ passphrase: text })) }),
  importData: later({
    exported: having('slice', 'stream', 'arrayBuffer'),
    options: optional(options<ImportDataOptions>({ ...importing, passphrase: text })),
  }),
  exportMarkdown: atOnce(),
  importMarkdown: later({
    files: iterable,
    options: optional(
      options<ImportMarkdownOptions>({
        ...importing,
        allOrNothing: flag,
        rootCollection: text,
        as: nullable(fits(userIdRule)),
      }),
    ),
  }),
}

const params = optional(listOf(storable))
const passedOn = optional(anObject)
const listening = { channel: wholeText, callback, tx: passedOn }

/** Of the transactions of `app.pgClient`. */
export const pgTransactionCalls: CallRules<Omit<Transaction, 'sql'>> = {
  query: later({ query: wholeText, params, options: passedOn }),
  exec: later({ query: wholeText, options: passedOn }),
  rollback: later(),
  listen: later({ channel: wholeText, callback }),
}

/** Of `app.pgClient`. The template's values and the options are PGlite's own to read. */
export const pgClientCalls: CallRules<Omit<PGliteInterface, 'sql'>> = {
  query: later({ query: wholeText, params, options: passedOn }),
  exec: later({ query: wholeText, options: passedOn }),
  describeQuery: later({ query: wholeText }),
  transaction: later({ callback }),
  execProtocolRaw: later({ message: bytes, options: passedOn }),
  execProtocolRawStream: later({ message: bytes, options: passedOn }),
  execProtocol: later({ message: bytes, options: passedOn }),
  runExclusive: later({ fn: callback }),
  listen: later(listening),
  unlisten: later({ ...listening, callback: optional(callback) }),
  onNotification: atOnce({ callback }),
  offNotification: atOnce({ callback }),
  dumpDataDir: later({ compression: optional(oneOf('none', 'gzip', 'auto')) }),
  refreshArrayTypes: later(),
  close: later(),
}

/** `@typyst/db/app`: the browser's database. */
export { isTypystDbError, TypystDbError } from '../errors.ts'
export type { TypystDbErrorCode, TypystDbErrorDetails } from '../errors.ts'
export type { TypystDatabase } from '../drizzle/create-drizzle.ts'
export type { StatementLog } from '../drizzle/statement-log.ts'
export type { QueryOperation } from '../internal/describe-statement.ts'
export type { QueryEvent, QueryHooks, SlowQueryEvent, StructuredLogger } from '../internal/query-hooks.ts'
export { migrationsFromDrizzleKit } from '../internal/migration.ts'
export type { DrizzleJournal, Migration } from '../internal/migration.ts'
export type { AppEvent } from './app-event.ts'
export type { AppRole, AppStatus } from './app-status.ts'
export { createAppDatabase } from './create-app-database.ts'
export type { AppDatabase, AppDatabaseCore, AppTransaction } from './create-app-database.ts'
export type { AppExecutor, WithTransaction } from './data/app-executor.ts'
export type { AppData, Repositories, RepositoriesInTransaction, UserData } from './data/app-data.ts'
export type { ClaimOptions, OwnerOptions, RowCounts } from './data/change-owner.ts'
export type {
  CollectionChanges,
  CollectionListOptions,
  CollectionRepository,
  CollectionValues,
  EmptyTrashOptions,
  GetOptions,
} from './data/collection-repository.ts'
export type { CopyOptions } from './data/copy-rows.ts'
export type {
  EntryChanges,
  EntryFilter,
  EntryListOptions,
  EntryRepository,
  EntryValues,
  ListedEntryField,
  MoveOptions,
  PlaceOptions,
} from './data/entry-repository.ts'
export type { Orphans } from './data/find-orphans.ts'
export type { Page, PageOptions } from './data/list-page.ts'
export type { DeletedRows, RowFilter, TimeRange } from './data/row-filter.ts'
export type { SettingsRepository, SettingsValues } from './data/settings-repository.ts'
export { userDataDir } from './data/user-data-dir.ts'
export { exportRaw } from './export-raw.ts'
export type { RawExport } from './storage/export-raw.ts'
export { salvage } from './salvage.ts'
export type { Salvage, SalvageOptions } from './salvage/salvage-database.ts'
export { createId } from './create-id.ts'
export type { LiveQuery, LiveSnapshot, LiveSource } from './live/live-query.ts'
export type { OpenPhase, OpenProgress } from './open-progress.ts'
export type { AppDatabaseOptions } from './options.ts'
export type { Search, SearchOptions, SearchPage, SearchResult } from './search/search.ts'
export type { HighlightPart } from './search/highlight.ts'
export type { ExportOptions } from './transfer/export-data.ts'
export type { MarkdownFile } from './transfer/export-markdown.ts'
export type { ImportDataOptions } from './transfer/import-data.ts'
export type { ImportEntriesOptions } from './transfer/import-entries.ts'
export type { ImportMarkdownOptions } from './transfer/import-markdown.ts'
export type { ConflictPolicy, ImportCounts } from './transfer/insert-rows.ts'
export type { ImportOptions } from './transfer/row-writer.ts'
export type { Transfer } from './transfer/transfer.ts'
export { readStorageQuota, requestPersistence } from './storage-quota.ts'
export type { StorageQuota } from './storage-quota.ts'
export type { BlockStoreState as StorageState } from './storage/block-store-types.ts'

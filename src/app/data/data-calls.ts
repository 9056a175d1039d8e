/** What the repositories and the methods over them may be passed. */
import { getTableColumns } from 'drizzle-orm'
import {
  anything,
  callback,
  date,
  fieldsOf,
  fits,
  having,
  listOf,
  membersOf,
  nullable,
  oneOf,
  optional,
  record,
  text,
  textOr,
  whole,
} from '../../internal/argument-readers.ts'
import type { Readers } from '../../internal/argument-readers.ts'
import { atOnce, later } from '../../internal/check-arguments.ts'
import type { CallRules, Reader } from '../../internal/check-arguments.ts'
import { collection, entry } from '../../schema/app.ts'
import type { Collection, Entry } from '../../schema/app.ts'
import { searchCall } from '../search/search-call.ts'
import type { AppData, UserData } from './app-data.ts'
import type { WithTransaction } from './app-executor.ts'
import type { ClaimOptions, OwnerOptions } from './change-owner.ts'
import type {
  CollectionListOptions,
  CollectionRepository,
  EmptyTrashOptions,
  GetOptions,
} from './collection-repository.ts'
import type { CopyOptions } from './copy-rows.ts'
import type { EntryFilter, EntryListOptions, EntryRepository, MoveOptions, PlaceOptions } from './entry-repository.ts'
import {
  collectionRules,
  collectionSettingsRules,
  entryRules,
  filterTextRule,
  rowIdRule,
  userIdRule,
} from './field-rules.ts'
import type { FieldRules } from './field-rules.ts'
import type { PageOptions } from './list-page.ts'
import type { RowFilter, TimeRange } from './row-filter.ts'
import type { SettingsRepository } from './settings-repository.ts'

const rowId = fits(rowIdRule)
const userId = fits(userIdRule)
const owner = nullable(userId)

/** What every method takes last. */
const transaction: Readers<WithTransaction> = {
  tx: having('select', 'insert', 'update', 'delete', 'execute', 'transaction'),
}
const withTransaction = optional(record<WithTransaction>(transaction))

const timeRange = record<TimeRange>({ from: date, before: date })
const rowFilter: Readers<RowFilter> = {
  created: timeRange,
  updated: timeRange,
  text: fits(filterTextRule),
  userId: owner,
  deleted: oneOf('exclude', 'include', 'only'),
}
const entryFilter: Readers<EntryFilter> = { ...rowFilter, collectionId: textOr(rowId, listOf(rowId)) }

const page = (...sortedBy: readonly string[]): Readers<PageOptions<string>> => ({
  sort: oneOf(...sortedBy, 'created', 'updated'),
  order: oneOf('asc', 'desc'),
  limit: whole(1, 1000),
  cursor: text,
})
const columnsOf = (table: Parameters<typeof getTableColumns>[0]): Reader =>
  listOf(oneOf(...Object.keys(getTableColumns(table))))
const collectionColumns = columnsOf(collection)
const entryColumns = columnsOf(entry)

const getting = (columns: Reader): Reader =>
  optional(record<GetOptions<string>>({ ...transaction, columns, deleted: oneOf('exclude', 'include', 'only') }))
const emptyTrash = later({
  options: optional(record<EmptyTrashOptions>({ ...transaction, olderThanMs: fits(durationRule) })),
})
const place = optional(record<PlaceOptions>({ ...transaction, to: text }))

/** Values are picked here; the repositories hold each against its rule, and name its column. */
const collectionValues = picking(collectionRules)
const entryValues = picking(entryRules)

/** Of `app.collections`. */
export const collectionCalls: CallRules<CollectionRepository> = {
  create: later({ values: collectionValues, options: withTransaction }),
  get: later({ id: rowId, options: getting(collectionColumns) }),
  list: later({
    options: optional(
      record<CollectionListOptions<keyof Collection>>({
        ...rowFilter,
        ...page('name'),
        ...transaction,
        columns: collectionColumns,
      }),
    ),
  }),
  count: later({ options: optional(record<RowFilter & WithTransaction>({ ...rowFilter, ...transaction })) }),
  update: later({ id: rowId, changes: collectionValues, options: withTransaction }),
  upsert: later({ values: collectionValues, options: withTransaction }),
  duplicate: later({ id: rowId, changes: optional(collectionValues), options: withTransaction }),
  trash: later({ id: rowId, options: withTransaction }),
  restore: later({ id: rowId, options: withTransaction }),
  delete: later({ id: rowId, options: withTransaction }),
  emptyTrash,
}

const countedEntries = later({
  options: optional(record<EntryFilter & WithTransaction>({ ...entryFilter, ...transaction })),
})

/** Of `app.entries`. */
export const entryCalls: CallRules<EntryRepository> = {
  create: later({ values: entryValues, options: withTransaction }),
  get: later({ id: rowId, options: getting(entryColumns) }),
  list: later({
    options: optional(
      record<EntryListOptions<keyof Entry>>({
        ...entryFilter,
        ...page('title'),
        ...transaction,
        columns: entryColumns,
      }),
    ),
  }),
  count: countedEntries,
  countByCollection: countedEntries,
  update: later({ id: rowId, changes: entryValues, options: withTransaction }),
  upsert: later({ values: entryValues, options: withTransaction }),
  move: later({ id: rowId, options: record<MoveOptions>({ ...transaction, to: text }, ['to']) }),
  duplicate: later({ id: rowId, changes: optional(entryValues), options: place }),
  trash: later({ id: rowId, options: withTransaction }),
  restore: later({ id: rowId, options: place }),
  delete: later({ id: rowId, options: withTransaction }),
  emptyTrash,
}

/** Of `app.settings`. */
export const settingsCalls: CallRules<SettingsRepository> = {
  get: later({ collectionId: rowId, options: withTransaction }),
  list: later({ options: withTransaction }),
  count: later({ options: withTransaction }),
  upsert: later({
    collectionId: rowId,
    values: picking(collectionSettingsRules),
    options: withTransaction,
  }),
  delete: later({ collectionId: rowId, options: withTransaction }),
}

/** Of what `forUser` gives. */
export const userDataCalls: CallRules<UserData> = { search: searchCall, transaction: later({ run: callback }) }

/** Of what only the whole database has. */
export const appDataCalls: CallRules<Omit<AppData, keyof UserData>> = {
  forUser: atOnce({ userId: owner }),
  claim: later({ options: record<ClaimOptions>({ ...transaction, to: userId }, ['to']) }),
  release: later({ options: record<OwnerOptions>({ ...transaction, of: userId }, ['of']) }),
  remove: later({ options: record<Pick<OwnerOptions, 'of'>>({ of: userId }, ['of']) }),
  orphans: later({ knownUserIds: membersOf(userId), options: withTransaction }),
  copyTo: later({
    target: fieldsOf<Parameters<AppData['copyTo']>[0]>({ db: transaction.tx }),
    options: optional(record<CopyOptions>({ of: owner, as: owner })),
  }),
}

/** Picks the fields that have rules. */
function picking(rules: FieldRules): Reader {
  return fieldsOf(Object.fromEntries(Object.keys(rules).map((field) => [field, anything])))
}

function durationRule(value: unknown): string | undefined {
  // A Date reaches 8.64e15 ms to either side of 1970.
  return typeof value === 'number' && value >= 0 && value <= 8.64e15 / 2 ? undefined : 'is not a number of milliseconds'
}

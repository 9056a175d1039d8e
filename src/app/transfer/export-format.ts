/** The lines of an export: a head, a row each, an end with how many there were. */
import { getTableColumns } from 'drizzle-orm'
import { TypystDbError } from '../../errors.ts'
import { tables } from './insert-rows.ts'
import type { RowJson, TableName } from './insert-rows.ts'

/** Raised when an older release would misread an export; one that only knows less columns notices by itself. */
const formatVersion = 1

/** How many rows of each table an export has. */
export type ExportCounts = Record<TableName, number>

/** The first line. */
export function headLine(): string {
  return `${JSON.stringify({ typyst: 'export', version: formatVersion })}\n`
}

/** The line of a row that Postgres wrote as JSON. */
export function rowLine(table: TableName, json: string): string {
  return `{"${table}":${json}}\n`
}

/** The last line. */
export function endLine(counts: ExportCounts): string {
  return `${JSON.stringify({ end: counts })}\n`
}

/** No rows yet. */
export function noRows(): ExportCounts {
  return { collection: 0, settings: 0, entry: 0 }
}

/**
 * The rows of an export, each checked; that it is whole is known at its end.
 *
 * @throws TypystDbError `EXPORT_INVALID`, or `EXPORT_NEWER` for what a newer release made of it.
 */
export async function* readRows(lines: AsyncIterable<string>): AsyncGenerator<[TableName, RowJson], void> {
  const counts = noRows()
  const collections = new Set<unknown>()
  let number = 0
  let hasEnded = false
  for await (const line of lines) {
    number += 1
    const value = parseLine(line, number)
    if (number === 1) {
      checkHead(value)
      continue
    }
    if (hasEnded) throw invalid(number, 'comes after the end')
    const [[kind, body] = []] = Object.entries(value)
    if (kind === 'end') {
      checkEnd(body, counts, number)
      hasEnded = true
    } else if ((kind === 'collection' || kind === 'settings' || kind === 'entry') && isObject(body)) {
      checkRow(kind, body, number)
      counts[kind] += 1
      if (kind === 'collection') collections.add(body['id'])
      else if (!collections.has(body['collection_id'])) throw invalid(number, 'names a collection that is not there')
      yield [kind, body]
    } else {
      throw invalid(number, 'is of no known kind')
    }
  }
  if (!hasEnded) throw new TypystDbError('EXPORT_INVALID', 'The export is cut off. Nothing was imported.')
}

function parseLine(line: string, number: number): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line)
    if (isObject(value)) return value
  } catch {
    // What JSON.parse says quotes the line.
  }
  throw invalid(number, 'is no JSON object')
}

function checkHead({ typyst, version }: Record<string, unknown>): void {
  if (typyst !== 'export' || typeof version !== 'number') {
    throw new TypystDbError('EXPORT_INVALID', 'This is no export of this package. Nothing was imported.')
  }
  if (version > formatVersion) throw newer()
}

function checkEnd(end: unknown, counts: ExportCounts, number: number): void {
  const expected = new Map<string, unknown>(isObject(end) ? Object.entries(end) : [])
  for (const [table, count] of Object.entries(counts)) {
    if (expected.get(table) !== count) throw invalid(number, 'tells of other rows than there are')
  }
}

function checkRow(table: TableName, row: RowJson, number: number): void {
  const unknown = new Set(Object.keys(row))
  for (const { name, notNull, hasDefault, dataType } of Object.values(getTableColumns(tables[table]))) {
    unknown.delete(name)
    const value = row[name] ?? null
    if (value === null) {
      if (notNull && !hasDefault) throw invalid(number, `has no "${name}"`)
    } else if (typeof value !== 'string' || value.includes('\0') || (dataType === 'date' && !isInstant(value))) {
      throw invalid(number, `has a "${name}" that cannot be one`)
    }
  }
  // Leaving it out would lose it without a word.
  if (unknown.size > 0) throw newer()
}

function isInstant(text: string): boolean {
  // As Postgres writes it in JSON. Whether there is such a day is checked as it is written, before the transaction ends.
  return /^(-?infinity|\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d(:\d\d){0,2})?( BC)?)$/.test(text)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(line: number, what: string): TypystDbError {
  return new TypystDbError('EXPORT_INVALID', `Line ${line} of the export ${what}. Nothing was imported.`)
}

function newer(): TypystDbError {
  return new TypystDbError(
    'EXPORT_NEWER',
    'A newer release of this package made the export. Reload the app to get that release. Nothing was imported.',
  )
}

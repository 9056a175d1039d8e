/** The lines of an export: a head, a row each, an end with how many there were. */
import { getTableColumns } from 'drizzle-orm'
import { TypystDbError } from '../../errors.ts'
import { problemOf } from './check-row.ts'
import { keyOf, tables } from './insert-rows.ts'
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
  const keys = { collection: new Set<unknown>(), settings: new Set<unknown>(), entry: new Set<unknown>() }
  const settingsIds = new Set<unknown>()
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
    const [[kind, body] = [], another] = Object.entries(value)
    if (another) throw invalid(number, 'is of two kinds at once')
    if (kind === 'end') {
      checkEnd(body, counts, number)
      hasEnded = true
    } else if ((kind === 'collection' || kind === 'settings' || kind === 'entry') && isObject(body)) {
      checkRow(kind, body, number)
      if (countKeys(line) !== Object.keys(body).length + 1) throw invalid(number, 'has a column twice')
      const key = body[keyOf(kind)]
      if (keys[kind].has(key) || (kind === 'settings' && settingsIds.has(body.id))) {
        throw invalid(number, 'has the key of an earlier row')
      }
      keys[kind].add(key)
      if (kind === 'settings') settingsIds.add(body.id)
      counts[kind] += 1
      if (kind !== 'collection' && !keys.collection.has(body.collection_id)) {
        throw invalid(number, 'names a collection that is not there')
      }
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

function checkHead({ typyst, version, ...rest }: Record<string, unknown>): void {
  if (typyst !== 'export' || typeof version !== 'number' || !Number.isInteger(version) || version < 1) {
    throw new TypystDbError('EXPORT_INVALID', 'This is no export of this package. Nothing was imported.')
  }
  if (version > formatVersion || Object.keys(rest).length > 0) throw newer()
}

function checkEnd(end: unknown, counts: ExportCounts, number: number): void {
  const expected = new Map<string, unknown>(isObject(end) ? Object.entries(end) : [])
  const isSame = Object.entries(counts).every(([table, count]) => expected.get(table) === count)
  if (!isSame || expected.size !== Object.keys(counts).length)
    throw invalid(number, 'tells of other rows than there are')
}

/** Whether an import would take a row, as far as it can be told from the row alone. */
export function isImportable(table: TableName, row: RowJson): boolean {
  try {
    checkRow(table, row, 0)
    return true
  } catch {
    return false
  }
}

function checkRow(table: TableName, row: RowJson, number: number): void {
  const columns = new Set(Object.values(getTableColumns(tables[table])).map(({ name }) => name))
  for (const name of Object.keys(row)) {
    if (columns.has(name)) continue
    // Leaving it out would lose it without a word.
    if (/^[a-z][a-z0-9_]*$/.test(name)) throw newer()
    throw invalid(number, 'has a column that no table can have')
  }
  const problem = problemOf(table, row)
  if (problem) throw invalid(number, problem)
}

/** How many keys a line of JSON has, a key that comes twice twice: the parser keeps the last of those without a word. */
function countKeys(line: string): number {
  let keys = 0
  for (let at = line.indexOf('"'); at >= 0; at = line.indexOf('"', at + 1)) {
    at = endOfString(line, at)
    if (/\s*:/y.test(line.slice(at + 1, at + 9))) keys += 1
  }
  return keys
}

function endOfString(line: string, start: number): number {
  for (let at = line.indexOf('"', start + 1); ; at = line.indexOf('"', at + 1)) {
    let backslashes = 0
    while (line[at - 1 - backslashes] === '\\') backslashes += 1
    if (backslashes % 2 === 0) return at
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(line: number, what: string): TypystDbError {
  return new TypystDbError('EXPORT_INVALID', `Line ${line} of the export ${what}. Nothing was imported.`)
}

/** What an export fails with that this release cannot read. */
export function newer(): TypystDbError {
  return new TypystDbError(
    'EXPORT_NEWER',
    'A newer release of this package made the export. Reload the app to get that release. Nothing was imported.',
  )
}

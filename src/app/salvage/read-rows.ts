/** Reads every row of a table that can be read, in the order of its pages, around what is damaged. */
import type { PGlite } from '@electric-sql/pglite'

/** A row as Postgres writes it. */
export interface SalvagedRow {
  readonly json: string
  /** Whether it comes from a page whose sum is wrong, so that any of it may be. */
  readonly isDoubtful: boolean
}

/** What can be read of a table. */
export interface SalvagedRows {
  readonly rows: readonly SalvagedRow[]
  /** Rows that are there and cannot be read, and one for each page of which not even that is known. */
  readonly unreadable: number
}

/** Pages that are read at a time. */
const pagesAtOnce = 64

/** Rows on a page of 8 KB at most, as Postgres counts them (`MaxHeapTuplesPerPage`). */
const rowsOnPage = 291

/**
 * Reads a table.
 *
 * @throws What Postgres throws when the table itself cannot be found, or when the engine has stopped.
 */
export async function readRows(client: PGlite, table: string): Promise<SalvagedRows> {
  const rows: SalvagedRow[] = []
  let unreadable = 0
  const size = await client.query<{ pages: number }>(
    `select (pg_relation_size($1::regclass) / current_setting('block_size')::int)::int as pages`,
    [table],
  )
  const read = async (condition: string, params: readonly string[], isDoubtful: boolean): Promise<void> => {
    const found = await client.query<{ json: string }>(
      `select row_to_json(t)::text as json from ${table} t where ${condition}`,
      [...params],
    )
    for (const { json } of found.rows) rows.push({ json, isDoubtful })
  }
  const readPages = (from: number, to: number, isDoubtful: boolean): Promise<void> =>
    read(onPages, rangeOf(from, to), isDoubtful)

  /** Whether the sums of pages count. */
  const checkSums = (isOn: boolean) => client.exec(`set ignore_checksum_failure = ${isOn ? 'off' : 'on'}`)

  const readPage = async (page: number): Promise<void> => {
    await checkSums(false)
    try {
      await readPages(page, page + 1, true)
    } catch {
      await assertRuns(client)
      for (let row = 1; row <= rowsOnPage; row += 1) {
        try {
          await read('ctid = $1::tid', [`(${page},${row})`], true)
        } catch {
          await assertRuns(client)
          unreadable += 1
          // The page itself, and not a row on it.
          if (row === 1 && !(await hasRows(client, table, page))) break
        }
      }
    } finally {
      await checkSums(true)
    }
  }
  const readRange = async (from: number, to: number): Promise<void> => {
    try {
      await readPages(from, to, false)
    } catch {
      await assertRuns(client)
      if (to - from === 1) return readPage(from)
      const middle = Math.floor((from + to) / 2)
      await readRange(from, middle)
      await readRange(middle, to)
    }
  }

  await checkSums(true)
  const pages = size.rows[0]?.pages ?? 0
  for (let from = 0; from < pages; from += pagesAtOnce) await readRange(from, Math.min(from + pagesAtOnce, pages))
  return { rows, unreadable }
}

/** Up to the last place on the last page: up to the first one of the next page, that would be read too. */
const onPages = 'ctid >= $1::tid and ctid <= $2::tid'
const rangeOf = (from: number, to: number): readonly string[] => [`(${from},0)`, `(${to - 1},65535)`]

/** Whether the rows of a page can be counted, when none of their columns is looked at. */
async function hasRows(client: PGlite, table: string, page: number): Promise<boolean> {
  try {
    await client.query(`select count(*) from ${table} where ${onPages}`, [...rangeOf(page, page + 1)])
    return true
  } catch {
    return false
  }
}

/** An engine that has stopped answers every query with an error. @throws What it answers. */
async function assertRuns(client: PGlite): Promise<void> {
  await client.query('select 1')
}

/**
 * Keeps each row its owner's while others are imported over it. A row that is there never changes its owner, a row of
 * another user is not written over, and what is new in a collection that was there belongs to that collection's owner.
 */
import { getTableName } from 'drizzle-orm'
import { TypystDbError } from '../../errors.ts'
import type { SqlExecutor } from '../../internal/sql-connection.ts'
import { keyOf, tables } from './insert-rows.ts'
import type { RowJson, TableName } from './insert-rows.ts'

/** What a row says of its owner and its place. */
export type OwnedRow = Pick<RowJson, 'id' | 'collection_id' | 'user_id'>

/** Decides row by row; one for an import, since it knows the collections that this import has made. */
export interface OwnerKeeper {
  /**
   * What has to be written otherwise than a row says, for each; within the transaction that writes them.
   *
   * @throws TypystDbError `OWNER_MISMATCH` when one would write over a row of another user, or into its collection.
   */
  settle(executor: SqlExecutor, table: TableName, rows: readonly OwnedRow[]): Promise<(RowJson | undefined)[]>
}

interface Found {
  /** The row of that key. */
  readonly held: { readonly owner: string | null; readonly place: string | null } | undefined
  /** The collection it names. */
  readonly home: { readonly owner: string | null } | undefined
}

/** Builds a keeper. */
export function createOwnerKeeper(): OwnerKeeper {
  /** The owners of the collections that this import has made. */
  const made = new Map<unknown, string | null>()

  const settleOne = (table: TableName, row: OwnedRow, { held, home }: Found): RowJson | undefined => {
    const owner = typeof row.user_id === 'string' ? row.user_id : null
    if (table === 'collection') {
      if (held && made.get(row.id) !== held.owner && differ(held.owner, owner)) throw mismatch()
      if (!held || made.has(row.id)) made.set(row.id, owner)
      return undefined
    }
    if (held) {
      if (differ(held.owner, owner)) throw mismatch()
      if (!home || held.place === row.collection_id || held.owner === home.owner) return undefined
      if (differ(held.owner, home.owner)) throw mismatch()
      return { collection_id: held.place }
    }
    // Rows that come with their collection are as they were, whatever raw SQL had made of them.
    const isAsItWas = row.user_id !== undefined && made.has(row.collection_id)
    if (!home || (isAsItWas && made.get(row.collection_id) === home.owner)) return undefined
    if (differ(home.owner, owner)) throw mismatch()
    return { user_id: home.owner }
  }

  return {
    async settle(executor, table, rows) {
      const asked = rows.map((row, n) => ({ n, key: row[keyOf(table)], home: row.collection_id }))
      const { rows: found } = await executor.queryArrays(findStatement(table), [JSON.stringify(asked)])
      return rows.map((row, at) => settleOne(table, row, readFound(found[at] ?? [])))
    },
  }
}

function differ(left: string | null, right: string | null): boolean {
  return left !== null && right !== null && left !== right
}

function findStatement(table: TableName): string {
  const place = table === 'collection' ? 'null' : 'held.collection_id'
  return `
    select case when held.id is not null then json_build_array(held.user_id, ${place})::text end,
      case when home.id is not null then json_build_array(home.user_id)::text end
    from json_to_recordset($1::json) as asked (n int, key text, home text)
    left join "${getTableName(tables[table])}" held on held."${keyOf(table)}" = asked.key
    left join collection home on home.id = asked.home
    order by asked.n`
}

/** From JSON, because PGlite drops a byte order mark at the beginning of a text of its own. */
function readFound([heldJson, homeJson]: readonly unknown[]): Found {
  const [heldBy = null, place = null] = readTexts(heldJson)
  const [homeOwner = null] = readTexts(homeJson)
  return {
    held: typeof heldJson === 'string' ? { owner: heldBy, place } : undefined,
    home: typeof homeJson === 'string' ? { owner: homeOwner } : undefined,
  }
}

function readTexts(json: unknown): (string | null)[] {
  const values: unknown = typeof json === 'string' ? JSON.parse(json) : []
  return Array.isArray(values) ? values.map((value: unknown) => (typeof value === 'string' ? value : null)) : []
}

function mismatch(): TypystDbError {
  return new TypystDbError(
    'OWNER_MISMATCH',
    'The import holds rows that belong to another user in this database. Those rows were left alone. ' +
      'Import into a database of its own, as `userDataDir` names one for each user.',
  )
}

/** Finds indexes and constraints that the database has under a name of the schema, but otherwise than the schema says. */
import { is } from 'drizzle-orm'
import { PgTable, getTableConfig } from 'drizzle-orm/pg-core'
import type { SqlConnection, SqlExecutor } from '../../internal/sql-connection.ts'
import { enumsOf, sequencesOf } from './additions.ts'
import type { AuthTables } from './additions.ts'
import { addForeignKey, createEnum, createIndex, createSequence, createTable } from './ddl.ts'

/** By `table.name`: how Postgres itself writes each index and each constraint. */
type Definitions = ReadonlyMap<string, string>

/** Ends the transaction that compares. */
const undo = new Error('Nothing of it is to stay.')

/**
 * One sentence part for each. The server writes both sides down: what is there, and what the schema makes of temporary tables
 * in a transaction that is undone. Where such tables cannot be made, by this role or on a standby, nothing is compared.
 */
export async function findMisdefined(connection: SqlConnection, schema: AuthTables): Promise<string[]> {
  const tables = Object.values(schema).filter((value) => is(value, PgTable))
  const names = tables.map((table) => getTableConfig(table).name)
  const { rows } = await connection.query(
    `select has_database_privilege(current_database(), 'TEMP') and not current_setting('transaction_read_only')::bool as "isAllowed"`,
  )
  if (rows[0]?.['isAllowed'] !== true) return []
  let misdefined: string[] = []
  try {
    await connection.transaction(async (tx) => {
      const found = await readDefinitions(tx, names)
      if (found.size === 0) return
      await tx.exec(`select set_config('search_path', 'pg_temp, ' || current_setting('search_path'), true)`)
      for (const statement of twins(schema, tables)) await tx.exec(statement)
      misdefined = differences(found, await readDefinitions(tx, names))
      throw undo
    })
  } catch (thrown) {
    if (thrown !== undo) throw thrown
  }
  return misdefined
}

/** What makes each table anew where the search path says, as far as it refers to the others, and what its columns need. */
function twins(schema: AuthTables, tables: readonly PgTable[]): string[] {
  const configs = tables.map((table) => getTableConfig(table))
  return [
    ...enumsOf(configs).map(createEnum),
    ...sequencesOf(schema).map(createSequence),
    ...tables.map(createTable),
    // Before the references, which may refer to what only an index makes unique.
    ...configs.flatMap(({ indexes }) => indexes.map(createIndex)),
    ...configs.flatMap(({ foreignKeys }) =>
      foreignKeys
        .filter((foreignKey) => tables.includes(foreignKey.reference().foreignTable))
        .map((foreignKey) => addForeignKey(foreignKey)),
    ),
  ]
}

function differences(found: Definitions, wanted: Definitions): string[] {
  return [...wanted].flatMap(([name, definition]) => {
    const actual = found.get(name)
    return actual === undefined || actual === definition ? [] : [`${name} is "${actual}" instead of "${definition}"`]
  })
}

async function readDefinitions(executor: SqlExecutor, names: readonly string[]): Promise<Definitions> {
  const { rows } = await executor.query(
    `with given as (select name, to_regclass(quote_ident(name)) as oid from unnest($1::text[]) as given (name))
     select format('%s.%s', given.name, conname) as name,
       regexp_replace(pg_get_constraintdef(pg_constraint.oid), ' NOT VALID$', '') as definition
     from given join pg_constraint on conrelid = given.oid where contype in ('p', 'u', 'c', 'f', 'x')
     union all select format('%s.%s', given.name, index.relname),
       case when indisvalid then '' else 'invalid: ' end
         || replace(
           pg_get_indexdef(indexrelid),
           format(' %I.%I ', case when nspname like 'pg\\_temp\\_%' then 'pg_temp' else nspname end, owner.relname),
           ' it '
         )
     from given join pg_index on indrelid = given.oid join pg_class as index on index.oid = indexrelid
       join pg_class as owner on owner.oid = indrelid join pg_namespace on pg_namespace.oid = owner.relnamespace
     where not exists (select from pg_constraint where conindid = indexrelid)`,
    [names],
  )
  return new Map(rows.map((row) => [String(row['name']), String(row['definition'])]))
}

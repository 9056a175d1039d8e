/** Writes down which entries are new and so have to be indexed; an insert itself only counts them. */
import type { SqlExecutor } from '../../internal/sql-connection.ts'

/**
 * Makes entries pending that were inserted since the last time.
 *
 * They are those that are neither indexed nor pending, and never more than were counted: what was rolled back or deleted was
 * counted as well. So when as many are found among the greatest keys there are no others, and that is where they are, since keys of
 * `createId()` grow with time. Otherwise, as after an import of older notes or a crash, all entries are looked through.
 */
export async function noteInserted(executor: SqlExecutor): Promise<void> {
  const { rows } = await executor.queryArrays(countInserted)
  const count = Number(rows[0]?.[0])
  if (count === 0) return
  const { rows: noted } = await executor.queryArrays(noteNewest, [count])
  if (noted[0]?.[0] !== true) await executor.query(noteAll)
}

const inserted = '(select case when is_called then last_value else 0 end from entry_inserts)'

const countInserted = `select ${inserted} - inserts_noted from entry_search_state`

const isNew = `not exists (select from entry_search s where s.entry_id = e.id)
  and not exists (select from entry_search_pending p where p.entry_id = e.id)`

const noteNewest = `
  with newest as materialized (
    select e.id from (select id from entry order by id desc limit $1::bigint) e where ${isNew}
  ), done as (
    update entry_search_state set inserts_noted = inserts_noted + $1::bigint
    where (select count(*) from newest) = $1::bigint
    returning true
  ), noted as (
    insert into entry_search_pending select id from newest where exists (select from done)
  )
  select exists (select from done)`

const noteAll = `
  with done as (
    update entry_search_state set inserts_noted = ${inserted}
  )
  insert into entry_search_pending select e.id from entry e where ${isNew}`

/** What the database should hold, and random changes to it together with the SQL that makes them. */
import { createHash } from 'node:crypto'
import type { Random } from '../support/random.ts'

/** A text as what it is made of, so that a megabyte costs nothing to send. */
export interface RepeatedText {
  readonly text: string
  readonly times: number
}

export interface Statement {
  readonly sql: string
  readonly params: readonly (string | number | RepeatedText)[]
}

/** One change: a statement, or statements in one transaction. All of it is there after a crash, or nothing. */
export interface Change {
  readonly statements: readonly Statement[]
  readonly isTransaction: boolean
}

/** What a database holds, as sorted lines that can be compared. */
export interface Contents {
  readonly entries: readonly string[]
  readonly tables: readonly string[]
  readonly indexes: readonly string[]
}

/** The model. Changing it gives a new one, so that the states before and after a change can both be kept. */
export interface Model {
  readonly entries: ReadonlyMap<string, { readonly title: string; readonly content: RepeatedText }>
  readonly tables: ReadonlyMap<string, number>
  readonly indexes: ReadonlySet<string>
  /** Names used so far; nothing is named twice. */
  readonly names: number
}

export const emptyModel: Model = { entries: new Map(), tables: new Map(), indexes: new Set(), names: 0 }

/** The table `entry` refers to this collection. */
export const setUp: Change = {
  statements: [{ sql: "insert into collection (id, name) values ('c', 'Crash') on conflict do nothing", params: [] }],
  isTransaction: false,
}

/** What the model says the database holds. */
export function contentsOf({ entries, tables, indexes }: Model): Contents {
  const md5 = ({ text, times }: RepeatedText) => createHash('md5').update(text.repeat(times)).digest('hex')
  return {
    entries: [...entries].map(([id, { title, content }]) => `${id} ${title} ${md5(content)}`).sort(),
    tables: [...tables].map(([name, rows]) => `${name} ${rows}`).sort(),
    indexes: [...indexes].sort(),
  }
}

/** Draws a change and the model after it. */
export function drawChange(model: Model, random: Random): { change: Change; after: Model } {
  const kind = random(100)
  if (kind < 70) {
    const { statement, after } = drawRowChange(model, random)
    return { change: { statements: [statement], isTransaction: false }, after }
  }
  if (kind < 85) {
    const statements: Statement[] = []
    let after = model
    for (let left = 2 + random(6); left > 0; left -= 1) {
      const drawn = drawRowChange(after, random)
      statements.push(drawn.statement)
      after = drawn.after
    }
    return { change: { statements, isTransaction: true }, after }
  }
  return drawSchemaChange(model, random)
}

function drawRowChange(model: Model, random: Random): { statement: Statement; after: Model } {
  const entries = new Map(model.entries)
  const names = model.names + 1
  const title = `t${names}`
  const ids = [...entries.keys()]
  const id = ids[random(ids.length || 1)]
  // Mostly notes, now and then one of up to a megabyte, which Postgres keeps out of line.
  const times = random(12) === 0 ? 1 + random(60_000) : 1 + random(60)
  const content: RepeatedText = { text: `note ${random(1_000_000)} `, times }
  const kind = random(10)
  if (id === undefined || kind < 5) {
    const created = `e${String(names).padStart(8, '0')}`
    entries.set(created, { title, content })
    const sql = "insert into entry (id, title, content, collection_id) values ($1, $2, $3, 'c')"
    return { statement: { sql, params: [created, title, content] }, after: { ...model, entries, names } }
  }
  if (kind < 8) {
    entries.set(id, { title, content })
    const sql = 'update entry set title = $2, content = $3 where id = $1'
    return { statement: { sql, params: [id, title, content] }, after: { ...model, entries, names } }
  }
  entries.delete(id)
  return {
    statement: { sql: 'delete from entry where id = $1', params: [id] },
    after: { ...model, entries, names },
  }
}

function drawSchemaChange(model: Model, random: Random): { change: Change; after: Model } {
  const tables = new Map(model.tables)
  const indexes = new Set(model.indexes)
  const names = model.names + 1
  const single = (sql: string): Change => ({ statements: [{ sql, params: [] }], isTransaction: false })
  const table = [...tables.keys()][random(tables.size || 1)]
  const index = [...indexes][random(indexes.size || 1)]
  const kind = random(8)
  if (kind === 0 && index !== undefined) {
    indexes.delete(index)
    return { change: single(`drop index ${index}`), after: { ...model, indexes, names } }
  }
  if (kind <= 1) {
    indexes.add(`made_${names}`)
    const columns = random(2) === 0 ? 'title' : 'collection_id, updated_at'
    return { change: single(`create index made_${names} on entry (${columns})`), after: { ...model, indexes, names } }
  }
  if (kind === 2 && table !== undefined) {
    tables.delete(table)
    return { change: single(`drop table ${table}`), after: { ...model, tables, names } }
  }
  if (kind === 3 && table !== undefined) {
    tables.set(table, 0)
    return { change: single(`truncate ${table}`), after: { ...model, tables, names } }
  }
  if (kind === 4) return { change: single('vacuum entry'), after: model }
  if (kind === 5) return { change: single('checkpoint'), after: model }
  if (kind === 6) return { change: single(random(3) === 0 ? 'vacuum full entry' : 'reindex table entry'), after: model }
  const rows = 1 + random(3000)
  tables.set(`extra_${names}`, rows)
  const statements = [
    { sql: `create table extra_${names} (id integer primary key, text text)`, params: [] },
    { sql: `insert into extra_${names} select n, repeat('x', n % 300) from generate_series(1, ${rows}) n`, params: [] },
  ]
  return { change: { statements, isTransaction: true }, after: { ...model, tables, names } }
}

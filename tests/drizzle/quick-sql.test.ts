/** Statements are written as Drizzle writes them, whatever they are made of. */
import { asc, eq, inArray, sql } from 'drizzle-orm'
import type { SQL, SQLChunk } from 'drizzle-orm'
import { alias, PgDialect, pgEnum, QueryBuilder } from 'drizzle-orm/pg-core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { PortDialect } from '../../src/drizzle/dialect.ts'
import { appSchema } from '../../src/schema/app.ts'

const { collection, entry } = appSchema
const ours = new PortDialect()
const theirs = new PgDialect()

function expectTheSame(statement: SQL): void {
  const { sql: text, params } = theirs.sqlToQuery(statement)
  expect(ours.sqlToQuery(statement)).toEqual({ sql: text, params })
  // Where columns go by another name, and then as before.
  expect(ours.sqlToQuery(statement, 'indexes').sql).toBe(theirs.sqlToQuery(statement, 'indexes').sql)
  expect(ours.sqlToQuery(statement).sql).toBe(text)
}

it('gives what Drizzle gives, however pieces are nested', () => {
  const other = alias(entry, 'other')
  const builder = new QueryBuilder()
  const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null))
  const moment = fc.integer({ min: 0, max: 1e12 }).map((milliseconds) => new Date(milliseconds))
  const encodesToSql = { mapToDriverValue: (given: unknown) => sql`f(${given}, ${entry.id})` }
  const leaf: fc.Arbitrary<SQLChunk> = fc.oneof(
    value.map((given) => sql`${given}`),
    value.map((given) => sql.param(given)),
    value.map((given) => sql.param(given, entry.title)),
    value.map((given) => sql.param(given, encodesToSql)),
    moment.map((given) => sql.param(given, entry.createdAt)),
    fc.string().map((name) => sql.placeholder(name)),
    fc.string().map((name) => sql.param(sql.placeholder(name), entry.title)),
    fc.string().map((name) => sql.identifier(name)),
    fc.string().map((text) => sql.raw(text)),
    fc.constantFrom<SQLChunk>(
      undefined,
      entry,
      entry.createdAt,
      other,
      other.title,
      sql``,
      sql`1`.as('one'),
      sql`${pgEnum('mood', ['good', 'bad'])}`,
      builder.select().from(collection).as('inner'),
      builder.$with('before').as(builder.select({ id: collection.id }).from(collection).where(eq(collection.id, 'x'))),
      builder.select({ id: entry.id }).from(entry).where(eq(entry.title, 'x')).orderBy(asc(entry.id)),
    ),
  )
  const { piece } = fc.letrec<{ piece: SQLChunk }>((tie) => ({
    piece: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.array(tie('piece'), { maxLength: 4 }),
      fc.tuple(tie('piece'), tie('piece')).map(([one, two]) => sql`a ${one} b ${two}`),
      tie('piece').map((inner) => sql`inlined ${inner}`.inlineParams()),
      fc.array(tie('piece'), { maxLength: 3 }).map((pieces) => sql.join(pieces, sql`, `)),
    ),
  }))
  fc.assert(fc.property(piece, (chunk) => expectTheSame(sql`before ${chunk} after ${'last'}`)))
})

it('gives what Drizzle gives for its builders', () => {
  const builder = new QueryBuilder()
  const rows = [
    { id: 'a', title: 'A', collectionId: 'c' },
    { id: 'b', title: 'B', collectionId: 'c', content: null },
  ]
  expectTheSame(
    builder
      .select({ entry, name: collection.name })
      .from(entry)
      .leftJoin(collection, eq(entry.collectionId, collection.id))
      .where(inArray(entry.id, ['a', 'b']))
      .limit(3)
      .getSQL(),
  )
  const values = rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([key, value]) => [key, sql.param(value)])),
  )
  const insert = { table: entry, values, withList: [], onConflict: sql`do nothing` }
  expectTheSame(theirs.buildInsertQuery(insert))
})

/** `createAppDatabase` in Node: laziness, life cycle, folders, and a consumer's own tables. */
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eq, relations, sql } from 'drizzle-orm'
import { pgTable, text } from 'drizzle-orm/pg-core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createAppDatabase, createId, migrationsFromDrizzleKit } from '../../src/app/index.ts'
import { appSchema, collection } from '../../src/schema/app.ts'

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'typyst-app-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'data')
}

describe('createAppDatabase', () => {
  it('opens nothing until first use, and then by itself', async () => {
    const dataDir = await temporaryFolder()
    await using app = createAppDatabase({ dataDir })
    expect(existsSync(dataDir)).toBe(false)
    expect(await app.db.select().from(app.schema.entry)).toEqual([])
    expect(existsSync(dataDir)).toBe(true)
  })

  it('keeps rows in a folder over closing and opening', async () => {
    const dataDir = await temporaryFolder()
    const first = createAppDatabase({ dataDir })
    const [written] = await first.db.insert(collection).values({ id: createId(), name: 'Recipes 🍲' }).returning()
    await first.close()
    await using second = createAppDatabase({ dataDir })
    expect(await second.db.select().from(collection)).toEqual([written])
  })

  it('shares one opening between all who wait, and answers queries made meanwhile', async () => {
    await using app = createAppDatabase({ dataDir: 'memory://' })
    const results = await Promise.all([app.ready(), app.db.$count(collection), app.ready(), app.db.$count(collection)])
    expect(results).toEqual([undefined, 0, undefined, 0])
  })

  it('can be tried again after an opening that failed', async () => {
    const dataDir = await temporaryFolder()
    const holder = createAppDatabase({ dataDir })
    await holder.ready()
    await using app = createAppDatabase({ dataDir })
    await expect(app.ready()).rejects.toMatchObject({ code: 'DATABASE_IN_USE' })
    await expect(app.db.select().from(collection)).rejects.toMatchObject({ code: 'DATABASE_IN_USE' })
    await holder.close()
    await app.ready()
  })

  it('throws CLOSED after close, also to who was waiting for it to open', async () => {
    const app = createAppDatabase({ dataDir: 'memory://' })
    const opening = app.ready()
    const closing = Promise.all([app.close(), app.close()])
    await expect(opening).rejects.toMatchObject({ code: 'CLOSED' })
    await closing
    await expect(app.ready()).rejects.toMatchObject({ code: 'CLOSED' })
    await expect(app.db.select().from(collection)).rejects.toMatchObject({ code: 'CLOSED' })
    await expect(app.pgClient.query('select 1')).rejects.toMatchObject({ code: 'CLOSED' })
    expect(app.pgClient.closed).toBe(true)
  })

  it('really deletes on destroy, opened or not', async () => {
    const dataDir = await temporaryFolder()
    const app = createAppDatabase({ dataDir })
    await app.db.insert(collection).values({ id: 'c', name: 'Gone' })
    await app.destroy()
    expect(existsSync(dataDir)).toBe(false)
    await expect(app.ready()).rejects.toMatchObject({ code: 'CLOSED' })
    const again = createAppDatabase({ dataDir })
    expect(await again.db.$count(collection)).toBe(0)
    await again.close()
    await createAppDatabase({ dataDir }).destroy()
    expect(existsSync(dataDir)).toBe(false)
  })

  it('does not delete what another has open', async () => {
    const dataDir = await temporaryFolder()
    await using holder = createAppDatabase({ dataDir })
    await holder.db.insert(collection).values({ id: 'c', name: 'Kept' })
    const other = createAppDatabase({ dataDir })
    await expect(other.destroy()).rejects.toMatchObject({ code: 'DATABASE_IN_USE' })
    expect(await holder.db.$count(collection)).toBe(1)
  })

  it('needs IndexedDB for idb://, and says what to do without', async () => {
    const app = createAppDatabase()
    await expect(app.ready()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  })

  it.each(['', ' ', 'idb://', 'idb://a/b', 'idb:// a', 'http://example.com', 'opfs-ahp://x', 'idb://\u0000'])(
    'refuses the dataDir %j at once',
    (dataDir) => {
      expect(() => createAppDatabase({ dataDir })).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTIONS' }) as Error,
      )
    },
  )

  it('shows statements, and no parameter, to debug', async () => {
    const statements: string[] = []
    await using app = createAppDatabase({ dataDir: 'memory://', debug: (statement) => statements.push(statement) })
    await app.db.insert(collection).values({ id: 'c', name: 'a secret' })
    expect(statements).toEqual([expect.stringContaining('insert into "collection"')])
    expect(statements.join()).not.toContain('secret')
  })
})

describe('queries', () => {
  it('are relational, in transactions and savepoints', async () => {
    await using app = createAppDatabase({ dataDir: 'memory://' })
    const { entry, collectionSettings } = app.schema
    await app.db.transaction(async (tx) => {
      await tx.insert(collection).values({ id: 'c', name: 'Recipes' })
      await tx.insert(entry).values({ id: 'e', title: 'Soup', content: '# Soup', collectionId: 'c' })
      await expect(
        tx.transaction(async (inner) => {
          await inner.insert(collectionSettings).values({ id: 's', collectionId: 'c' })
          await inner.insert(collectionSettings).values({ id: 't', collectionId: 'c' })
        }),
      ).rejects.toMatchObject({ code: 'UNIQUE_VIOLATION', constraint: 'collection_settings_collection_id_unique' })
      await tx.insert(collectionSettings).values({ id: 'u', collectionId: 'c', viewMode: 'list' })
    })
    expect(
      await app.db.query.collection.findFirst({ with: { entries: { with: { collection: true } }, settings: true } }),
    ).toMatchObject({ entries: [{ title: 'Soup', collection: { name: 'Recipes' } }], settings: { viewMode: 'list' } })
    const failure = new Error('mine')
    const attempt = app.db.transaction(async (tx) => {
      await tx.delete(collection)
      throw failure
    })
    await expect(attempt).rejects.toBe(failure)
    expect(await app.db.$count(entry)).toBe(1)
  })

  it('cascade, and keep updated_at current', async () => {
    await using app = createAppDatabase({ dataDir: 'memory://' })
    const { entry } = app.schema
    await app.db.insert(collection).values({ id: 'c', name: 'Recipes' })
    await app.db.insert(entry).values({ id: 'e', title: 'Soup', collectionId: 'c', updatedAt: new Date(0) })
    const [updated] = await app.db.update(entry).set({ title: 'Stew' }).where(eq(entry.id, 'e')).returning()
    expect(updated?.updatedAt.getTime()).toBeGreaterThan(0)
    await app.db.delete(collection)
    expect(await app.db.$count(entry)).toBe(0)
  })

  it('take prepared statements with placeholders, and raw SQL with what it returned', async () => {
    await using app = createAppDatabase({ dataDir: 'memory://' })
    await app.db.insert(collection).values({ id: 'c', name: 'Recipes' })
    const byName = app.db.query.collection
      .findMany({ where: eq(collection.name, sql.placeholder('name')) })
      .prepare('by_name')
    expect(await byName.execute({ name: 'Recipes' })).toHaveLength(1)
    expect(await byName.execute({ name: 'Others' })).toHaveLength(0)
    const result = await app.db.execute<{ one: number }>(sql`select 1 as one`)
    expect(result).toMatchObject({ rows: [{ one: 1 }], rowCount: 1 })
    expect(await app.db.update(collection).set({ name: 'More' })).toMatchObject({ rowCount: 1 })
  })

  it('reach PGlite itself through pgClient, which opens the database too', async () => {
    await using app = createAppDatabase({ dataDir: 'memory://' })
    const heard: string[] = []
    app.pgClient.onNotification((channel, payload) => heard.push(`${channel}: ${payload}`))
    await app.pgClient.waitReady
    await app.pgClient.listen('notes', (payload) => heard.push(payload))
    await app.pgClient.transaction(async (tx) => {
      await tx.sql`insert into collection (id, name) values (${'c'}, ${'Recipes'})`
      await expect(tx.query('select broken')).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH' })
      await tx.rollback()
    })
    expect((await app.pgClient.query('select * from collection')).rows).toEqual([])
    await app.pgClient.exec(`notify notes, 'hello'`)
    await expect.poll(() => heard).toEqual(['hello', 'notes: hello'])
  })

  it('have arrays parsed, also where a raw query brings parsers of its own', async () => {
    await using app = createAppDatabase({ dataDir: 'memory://' })
    const text = "select array[1, 2] as numbers, array['{x}'] as texts, 7 as seven"
    const expected = { numbers: [1, 2], texts: ['{x}'] }
    const own = { parsers: { 23: (value: string) => `number ${value}` } }
    expect((await app.pgClient.query(text)).rows).toEqual([{ ...expected, seven: 7 }])
    expect((await app.pgClient.query(text, [], own)).rows).toEqual([{ ...expected, seven: 'number 7' }])
    const inside = await app.pgClient.transaction((tx) => tx.query(text, [], own))
    expect(inside.rows).toEqual([{ ...expected, seven: 'number 7' }])
    expect((await app.db.execute(sql.raw(text))).rows).toEqual([{ ...expected, seven: 7 }])
  })
})

describe("a consumer's tables", () => {
  const tag = pgTable('tag', {
    id: text('id').primaryKey(),
    collectionId: text('collection_id').references(() => collection.id),
  })
  const tagRelations = relations(tag, ({ one }) => ({
    collection: one(collection, { fields: [tag.collectionId], references: [collection.id] }),
  }))
  const migrations = migrationsFromDrizzleKit(
    { entries: [{ tag: '0000_tags', when: 1 }] },
    {
      './migrations/0000_tags.sql':
        'create table "tag" (id text primary key, collection_id text references collection)',
    },
  )

  it("extend the package's own, migrated after them", async () => {
    await using app = createAppDatabase({
      dataDir: 'memory://',
      schema: { ...appSchema, tag, tagRelations },
      migrations,
    })
    await app.db.insert(collection).values({ id: 'c', name: 'Recipes' })
    await app.db.insert(tag).values({ id: 't', collectionId: 'c' })
    expect(await app.db.query.tag.findMany({ with: { collection: true } })).toMatchObject([
      { id: 't', collection: { name: 'Recipes' } },
    ])
  })

  it('replace them in the type of db', async () => {
    await using app = createAppDatabase({ dataDir: 'memory://', schema: { tag }, migrations })
    expect(await app.db.query.tag.findMany()).toEqual([])
  })

  it('come later to a database that exists, and hold it back when they fail', async () => {
    const dataDir = await temporaryFolder()
    const plain = createAppDatabase({ dataDir })
    await plain.db.insert(collection).values({ id: 'c', name: 'Recipes' })
    await plain.close()
    const broken = createAppDatabase({
      dataDir,
      migrations: [{ name: '0000_tags', createdAt: 1, up: 'create nonsense' }],
    })
    await expect(broken.ready()).rejects.toMatchObject({ code: 'MIGRATION_FAILED', migration: '0000_tags' })
    await broken.close()
    await using app = createAppDatabase({ dataDir, schema: { ...appSchema, tag }, migrations })
    await app.db.insert(tag).values({ id: 't', collectionId: 'c' })
    expect(await app.db.$count(tag)).toBe(1)
  })

  it('name the file that is missing', () => {
    expect(() => migrationsFromDrizzleKit({ entries: [{ tag: '0000_x', when: 1 }] }, {})).toThrow('"0000_x.sql"')
  })
})

it('makes ids that sort by time', () => {
  const ids = Array.from({ length: 1000 }, createId)
  expect(ids.toSorted()).toEqual(ids)
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

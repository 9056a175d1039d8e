/** The repositories beside a consumer's own tables, and without the package's. */
import { sql } from 'drizzle-orm'
import { pgTable, text } from 'drizzle-orm/pg-core'
import { expect, it } from 'vitest'
import { createAppDatabase } from '../../../src/app/index.ts'
import { appSchema } from '../../../src/schema/app.ts'
import { createTestAppDatabase } from '../../../src/testing/index.ts'

const tag = pgTable('tag', { id: text('id').primaryKey(), entryId: text('entry_id').notNull() })

it("are there in a schema that extends the package's, and share transactions with it", async () => {
  await using app = await createTestAppDatabase({ schema: { ...appSchema, tag } })
  await app.db.execute(sql`create table tag (id text primary key, entry_id text references entry on delete cascade)`)
  const attempt = app.transaction(async ({ tx, collections, entries }) => {
    const { id: collectionId } = await collections.create({ name: 'Recipes' })
    const { id: entryId } = await entries.create({ title: 'Soup', collectionId })
    await tx.insert(tag).values({ id: 't', entryId })
    expect(await tx.query.tag.findMany()).toEqual([{ id: 't', entryId }])
    throw new Error('undo')
  })
  await expect(attempt).rejects.toThrow('undo')
  expect([await app.entries.count(), await app.db.$count(tag)]).toEqual([0, 0])
})

it("are not there in a schema without the package's tables", () => {
  const other = pgTable('entry', { id: text('id').primaryKey() })
  for (const schema of [{ tag }, { ...appSchema, entry: other }, { collection: appSchema.collection }]) {
    const app = createAppDatabase({ schema, dataDir: 'memory://' })
    expect(app).not.toHaveProperty('entries')
    expect(app).not.toHaveProperty('forUser')
  }
})

it('refuse a query on the database inside of a transaction', async () => {
  await using app = createAppDatabase({ dataDir: 'memory://', transactionIdleTimeoutMs: 50 })
  const inside = app.transaction(() => app.collections.create({ name: 'Recipes' }))
  await expect(inside).rejects.toMatchObject({ code: 'TRANSACTION_BLOCKED' })
  const nested = app.forUser('ada').transaction(() => app.claim({ to: 'ada' }))
  await expect(nested).rejects.toMatchObject({ code: 'TRANSACTION_BLOCKED' })
  expect(await app.collections.count()).toBe(0)
})

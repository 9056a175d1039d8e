import { describe, expect, it } from 'vitest'
import { createAppDatabase } from '../../src/app/index.ts'
import { createAuthDatabase } from '../../src/auth/index.ts'
import type { QueryEvent } from '../../src/internal/query-hooks.ts'
import { authSchema } from '../../src/schema/auth.ts'
import { openAuthWith } from '../support/open-auth-database.ts'
import { openMemory } from '../support/open-memory.ts'
import { testHooks } from './hooks-suite.ts'

testHooks(openMemory)

describe('the hooks of a database', () => {
  it('hear of the app database', async () => {
    const events: QueryEvent[] = []
    await using app = createAppDatabase({ dataDir: 'memory://', onQuery: (event) => events.push(event) })
    await app.db.insert(app.schema.collection).values({ id: 'c', name: 'Recipes' })
    await app.db.query.entry.findMany({ with: { collection: true } })
    expect(events).toMatchObject([
      { operation: 'insert', table: 'collection', rowCount: 1 },
      { operation: 'select', table: 'entry', rowCount: 0 },
    ])
  })

  it('hear of searches, live queries and transfers, and log no indexing as a change', async () => {
    const events: QueryEvent[] = []
    const lines: unknown[] = []
    const logger = { info: (fields: object) => lines.push(fields), warn: (fields: object) => lines.push(fields) }
    // On a busy machine any query may be slow, which is logged too.
    const hooks = { onQuery: (event: QueryEvent) => events.push(event), logger, slowQueryMs: 600_000 }
    await using app = createAppDatabase({ dataDir: 'memory://', ...hooks })
    const { collection, entry } = app.schema
    await app.db.insert(collection).values({ id: 'c', name: 'Recipes' })
    const heard = () =>
      events.splice(0).map(({ operation, table, errorCode }) => [operation, table, errorCode].join(' ').trim())

    expect(heard()).toEqual(['insert collection'])
    await app.transfer.importEntries([{ id: 'e', title: 'Soup', collectionId: 'c' }])
    expect(heard()).toContain('insert entry')
    const { results } = await app.search('soup')
    expect(results).toHaveLength(1)
    expect(heard()).toEqual(expect.arrayContaining(['delete entry_search_pending', 'select entry_search']))
    using live = app.live(app.db.select().from(entry))
    for await (const rows of live) {
      expect(rows).toHaveLength(1)
      break
    }
    expect(heard()).toEqual(expect.arrayContaining(['other', 'select entry']))
    await app.transfer.importEntries([{ id: 'f', title: 'Stew', collectionId: 'nowhere' }]).catch(() => undefined)
    expect(heard()).toContain('insert entry FOREIGN_KEY_VIOLATION')
    await new Response(await app.transfer.exportData()).arrayBuffer()
    expect(heard()).toEqual(expect.arrayContaining(['select collection', 'select entry']))
    expect(lines.map((line) => JSON.stringify(line)).filter((line) => line.includes('entry_search'))).toEqual([])
    expect(lines).toContainEqual({ operation: 'insert', table: 'entry', rowCount: 1 })
  })

  it('hear of the auth database, of raw SQL too', async () => {
    const events: QueryEvent[] = []
    await using authDb = await openAuthWith(authSchema, { onQuery: (event) => events.push(event) })
    events.length = 0
    await authDb.db.insert(authDb.schema.user).values({ id: 'u', name: 'Ada', email: 'ada@example.com' })
    await authDb.sql`select * from "user"`
    expect(events).toMatchObject([
      { operation: 'insert', table: 'user', rowCount: 1 },
      { operation: 'select', table: 'user', rowCount: 1 },
    ])
  })

  it('must have a threshold that makes sense', () => {
    for (const slowQueryMs of [0, -1, Number.NaN]) {
      expect(() => createAuthDatabase({ dataDir: 'memory://', slowQueryMs })).toThrow('slowQueryMs')
      expect(() => createAppDatabase({ dataDir: 'memory://', slowQueryMs })).toThrow('slowQueryMs')
    }
  })
})

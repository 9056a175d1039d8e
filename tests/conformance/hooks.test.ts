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

import { describe, expect, it, vi } from 'vitest'
import { openMemory } from '../support/open-memory.ts'
import { createAuthDatabase } from '../../src/auth/index.ts'
import { testSavepoints } from './savepoints-suite.ts'

testSavepoints(openMemory)

describe('a query on the embedded auth database inside of its own transaction', () => {
  it('is refused instead of waiting without an end', async () => {
    await using authDb = createAuthDatabase({ dataDir: 'memory://' })
    await authDb.migrate()
    const { user } = authDb.schema
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const attempt = authDb.db.transaction(async (tx) => {
        await tx.insert(user).values({ id: 'u', name: 'Ada', email: 'ada@example.com' })
        const waiting = authDb.db.select().from(user)
        const refused = expect(waiting).rejects.toMatchObject({ code: 'TRANSACTION_BLOCKED' })
        await vi.advanceTimersByTimeAsync(60_000)
        await refused
      })
      await attempt
    } finally {
      vi.useRealTimers()
    }
    expect(await authDb.db.select().from(user)).toHaveLength(1)
  })
})

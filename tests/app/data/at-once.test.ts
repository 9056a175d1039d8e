/** Repository calls that run at once in one transaction. */
import { describe, expect, it } from 'vitest'
import { createAppDatabase } from '../../../src/app/index.ts'

describe('repository calls at once in one transaction', () => {
  it('store what they acknowledge, when one of them fails', async () => {
    await using app = createAppDatabase({ dataDir: 'memory://' })
    const [first, second] = [
      await app.collections.create({ name: 'First' }),
      await app.collections.create({ name: 'Second' }),
    ]
    const outcomes = await app.db.transaction((tx) =>
      Promise.allSettled([
        app.collections.trash(first.id, { tx }),
        app.collections.trash('missing', { tx }),
        app.collections.create({ name: 'Third' }, { tx }),
        app.collections.trash(second.id, { tx }),
        app.collections.duplicate('missing', {}, { tx }),
      ]),
    )
    expect(
      outcomes.map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as unknown) : 'done')),
    ).toMatchObject(['done', { code: 'NOT_FOUND' }, 'done', 'done', { code: 'NOT_FOUND' }])
    const { rows } = await app.collections.list()
    expect(rows.map(({ name }) => name)).toEqual(['Third'])
  })

  it('store nothing when the transaction waits for all of them', async () => {
    await using app = createAppDatabase({ dataDir: 'memory://' })
    const { id } = await app.collections.create({ name: 'First' })
    const calls: Promise<unknown>[] = []
    const attempt = app.db.transaction((tx) => {
      calls.push(
        app.collections.trash('missing', { tx }),
        app.collections.trash(id, { tx }),
        app.collections.create({ name: 'Second' }, { tx }),
      )
      return Promise.all(calls)
    })
    await expect(attempt).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await Promise.allSettled(calls)
    const { rows } = await app.collections.list()
    expect(rows.map(({ name }) => name)).toEqual(['First'])
  })
})

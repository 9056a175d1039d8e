/** Transactions inside of transactions, at once and failing, the same on both sides and on every kind of connection. */
import { sql } from 'drizzle-orm'
import { integer, pgTable } from 'drizzle-orm/pg-core'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDrizzle } from '../../src/drizzle/create-drizzle.ts'
import type { TypystDatabase } from '../../src/drizzle/create-drizzle.ts'
import { createDeferred } from '../../src/internal/deferred.ts'
import { observeConnection } from '../../src/internal/observe-connection.ts'
import type { OpenEmpty, OpenedConnection } from '../support/opened-connection.ts'

const lamp = pgTable('lamp', { id: integer().primaryKey() })
const schema = { lamp }

type Database = TypystDatabase<typeof schema>
type Level = Pick<Database, 'insert' | 'select' | 'transaction' | 'execute'>

/** Where a query is to be refused, soon; where it is not, later than any machine is slow. */
const [soonMs, lateMs] = [50, 600_000]

/** Runs the suite on an empty database. */
export function testSavepoints(openEmpty: OpenEmpty): void {
  let opened: OpenedConnection
  beforeAll(async () => {
    opened = await openEmpty()
    await opened.connection.exec('create table lamp (id int primary key)')
  })
  afterAll(() => opened[Symbol.asyncDispose]())

  const open = async (idleTimeoutMs = lateMs): Promise<Database> => {
    await opened.connection.exec('truncate lamp')
    return createDrizzle(opened.connection, schema, undefined, idleTimeoutMs)
  }
  const add = async (level: Level, id: number): Promise<void> => {
    await level.insert(lamp).values({ id })
  }
  const stored = async (database: Database): Promise<number[]> =>
    (await database.select().from(lamp).orderBy(lamp.id)).map(({ id }) => id)

  describe('transactions inside of a transaction', () => {
    it('that run at once are undone each alone', async () => {
      const db = await open()
      const outcomes = await db.transaction((tx) =>
        Promise.allSettled(
          [1, 2, 3, 4, 5].map((id) =>
            tx.transaction(async (inner) => {
              await add(inner, id)
              if (id === 3) throw new Error('undone')
              await add(inner, id * 10)
            }),
          ),
        ),
      )
      expect(outcomes.map(({ status }) => status)).toEqual([
        'fulfilled',
        'fulfilled',
        'rejected',
        'fulfilled',
        'fulfilled',
      ])
      expect(await stored(db)).toEqual([1, 2, 4, 5, 10, 20, 40, 50])
    })

    it('take nothing along of the outer one that runs beside them', async () => {
      const db = await open()
      await db.transaction(async (tx) => {
        const begun = createDeferred<void>()
        const inner = tx.transaction(async (nested) => {
          await add(nested, 1)
          begun.resolve()
          await add(nested, 2)
          throw new Error('undone')
        })
        await begun.promise
        const [, outcome] = await Promise.allSettled([add(tx, 3), inner])
        expect(outcome.status).toBe('rejected')
      })
      expect(await stored(db)).toEqual([3])
    })

    it('are stored as a model says, whatever fails and whatever runs at once', async () => {
      await fc.assert(
        fc.asyncProperty(trees, async (tree) => {
          const db = await open()
          let ids = 0
          const attempt = await Promise.allSettled([db.transaction((tx) => runTree(tx, tree, () => (ids += 1)))])
          const expected = survivors(tree, counter())
          expect(attempt[0].status).toBe(doesFail(tree) ? 'rejected' : 'fulfilled')
          expect(await stored(db)).toEqual(expected)
        }),
        { numRuns: 60 },
      )
    })

    it('are logged as they are stored', async () => {
      await open()
      let changes = 0
      const logger = { info: () => (changes += 1), warn: () => undefined }
      const db = createDrizzle(observeConnection(opened.connection, { logger }), schema, undefined, lateMs)
      await db.transaction((tx) =>
        Promise.allSettled([
          add(tx, 1),
          ...[2, 3, 4].map((id) =>
            tx.transaction(async (inner) => {
              await add(inner, id)
              await inner.transaction((innermost) => add(innermost, id * 10))
              if (id === 3) throw new Error('undone')
            }),
          ),
          add(tx, 5),
        ]),
      )
      expect(await stored(db)).toEqual([1, 2, 4, 5, 20, 40])
      expect(changes).toBe(6)
    })
  })

  describe('a query on a transaction', () => {
    it('is refused inside of one that it waits for', async () => {
      const db = await open(soonMs)
      const attempt = db.transaction((tx) =>
        tx.transaction(async (inner) => {
          await add(inner, 1)
          await add(tx, 2)
        }),
      )
      await expect(attempt).rejects.toMatchObject({ code: 'TRANSACTION_BLOCKED' })
      expect(await stored(db)).toEqual([])
    })

    it('is refused there too when it begins one, and the rest is stored', async () => {
      const db = await open(soonMs)
      await db.transaction(async (tx) => {
        await tx.transaction(async (inner) => {
          await inner.transaction(async (innermost) => {
            await add(innermost, 1)
            await expect(tx.transaction((other) => add(other, 2))).rejects.toMatchObject({
              code: 'TRANSACTION_BLOCKED',
            })
            await expect(add(inner, 3)).rejects.toMatchObject({ code: 'TRANSACTION_BLOCKED' })
          })
        })
        await add(tx, 4)
      })
      expect(await stored(db)).toEqual([1, 4])
    })

    it('is refused when that one has ended, on every level', async () => {
      const db = await open()
      const levels: Level[] = []
      await db.transaction(async (tx) => {
        levels.push(tx)
        await tx.transaction((inner) => {
          levels.push(inner)
          return Promise.resolve()
        })
        for (const level of levels.slice(1)) {
          await expect(add(level, 1)).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' })
          await expect(level.transaction((late) => add(late, 2))).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' })
        }
      })
      for (const level of levels) {
        await expect(add(level, 3)).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' })
        await expect(level.transaction((late) => add(late, 4))).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' })
      }
      expect(await stored(db)).toEqual([])
    })

    it('is refused when the one inside of it was not waited for, which is undone', async () => {
      const db = await open()
      const goOn = createDeferred<void>()
      let inner: Promise<unknown> | undefined
      let queued: Promise<unknown> | undefined
      await db.transaction(async (tx) => {
        await add(tx, 1)
        const begun = createDeferred<void>()
        inner = tx.transaction(async (nested) => {
          await nested.transaction(async (innermost) => {
            await add(innermost, 2)
            begun.resolve()
            await goOn.promise
            await add(innermost, 3)
          })
        })
        queued = tx.transaction((other) => add(other, 4))
        inner.catch(() => undefined)
        queued.catch(() => undefined)
        await begun.promise
      })
      await expect(inner).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' })
      await expect(queued).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' })
      goOn.resolve()
      expect(await stored(db)).toEqual([1])
    })

    it('is waited for when its transaction ends', async () => {
      const db = await open()
      let late: Promise<unknown> | undefined
      await db.transaction(async (tx) => {
        await tx.transaction((inner) => {
          // Drizzle sends a query when it is waited for.
          late = inner.execute(sql`insert into lamp select 1 from pg_sleep(0.02)`).then(() => undefined)
          return Promise.resolve()
        })
      })
      await late
      expect(await stored(db)).toEqual([1])
    })
  })
}

/** A transaction to run: its own rows, others inside of it, and how it ends. */
interface Tree {
  readonly rows: number
  readonly inner: readonly Tree[]
  /** Whether what is in it runs at once, and whether one that fails makes it fail. */
  readonly isAtOnce: boolean
  readonly needsAll: boolean
  /** Throws at its end, or has a statement that fails. */
  readonly failure: 'none' | 'throws' | 'statement'
}

const { tree: trees } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.record({
    rows: fc.nat(2),
    inner: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constant([]),
      fc.array(tie('tree'), { maxLength: 4 }),
    ),
    isAtOnce: fc.boolean(),
    needsAll: fc.boolean(),
    failure: fc.oneof(
      { arbitrary: fc.constant('none' as const), weight: 5 },
      { arbitrary: fc.constantFrom('throws' as const, 'statement' as const), weight: 2 },
    ),
  }),
}))

function counter(): () => number {
  let ids = 0
  return () => (ids += 1)
}

/** Numbers are given before anything runs, so that they are those of the model. */
async function runTree(level: Level, tree: Tree, nextId: () => number): Promise<void> {
  const plan = planTree(tree, nextId)
  await runPlan(level, plan)
}

interface Plan {
  readonly tree: Tree
  readonly ids: readonly number[]
  readonly inner: readonly Plan[]
}

function planTree(tree: Tree, nextId: () => number): Plan {
  return {
    tree,
    ids: Array.from({ length: tree.rows }, nextId),
    inner: tree.inner.map((inner) => planTree(inner, nextId)),
  }
}

async function runPlan(level: Level, { tree, ids, inner }: Plan): Promise<void> {
  const steps = [
    ...ids.map((id) => async () => {
      await level.insert(lamp).values({ id })
    }),
    ...inner.map((plan) => async () => {
      const nested = level.transaction((tx) => runPlan(tx, plan))
      await (tree.needsAll ? nested : nested.catch(() => undefined))
    }),
  ]
  if (tree.isAtOnce) await Promise.all(steps.map((step) => step()))
  else for (const step of steps) await step()
  if (tree.failure === 'throws') throw new Error('undone')
  // Caught, as a caller may: the transaction has failed all the same.
  if (tree.failure === 'statement') await level.execute(sql`select 1 / 0`).catch(() => undefined)
}

function doesFail({ failure, needsAll, inner }: Tree): boolean {
  return failure !== 'none' || (needsAll && inner.some(doesFail))
}

/** The rows that are there in the end. */
function survivors(tree: Tree, nextId: () => number): number[] {
  const collect = ({ tree: planned, ids, inner }: Plan): number[] =>
    doesFail(planned) ? [] : [...ids, ...inner.flatMap(collect)]
  return collect(planTree(tree, nextId)).sort((left, right) => left - right)
}

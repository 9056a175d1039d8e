/** The page: opens the database with its engine here or behind a worker, and times what it is told to. */
import { createAppDatabase } from '@typyst/db/app'
import type { AppDatabase } from '@typyst/db/app'
import { median } from '../../browser/median.ts'
import { collectionId, entryId, makeEntries, makeEntry } from '../../browser/page/entries.ts'
import { timed } from '../../browser/page/measure.ts'
import { drizzleOperations, rawOperations } from '../../browser/page/sql-operations.ts'
import type { Operations } from '../../browser/page/peer.ts'

const warmUps = 10
const samples = 60
const channel = 'bench'

let app: AppDatabase | undefined
const heardAt = new Map<string, number>()

const database = (): AppDatabase => {
  if (!app) throw new Error('open() first')
  return app
}

/** A moment all pages of a browser agree on, in milliseconds since 1970. */
const now = (): number => performance.timeOrigin + performance.now()

const bench = {
  async open(engine: 'page' | 'worker'): Promise<void> {
    const worker = () => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
    app = createAppDatabase({ dataDir: 'idb://bench', ...(engine === 'worker' && { worker }) })
    await app.ready()
    await app.pgClient.listen(channel, (payload) => heardAt.set(payload, now()))
  },
  role: async () => (await database().status()).role,
  close: () => database().close(),

  /** Adds a collection with so many entries. */
  async fill(count: number): Promise<void> {
    const { db, pgClient, schema } = database()
    await db.insert(schema.collection).values({ id: collectionId, name: collectionId })
    await rawOperations(pgClient).insertMany(makeEntries(0, count))
  },

  /** Medians in milliseconds of each statement on both routes, which take turns. */
  async timeStatements(present: number): Promise<Record<string, number>> {
    const { db, pgClient } = database()
    const routes = { drizzle: drizzleOperations(db), raw: rawOperations(pgClient) }
    let next = present
    const statements: Readonly<Record<string, (operations: Operations) => Promise<unknown>>> = {
      select: (operations) => operations.byKey(entryId(Math.floor(Math.random() * present))),
      rows: (operations) => operations.newest(collectionId, 1_000),
      insert: (operations) => operations.insert(makeEntry(next++)),
    }
    const figures: Record<string, number> = {}
    for (const [name, statement] of Object.entries(statements)) {
      const times = new Map<string, number[]>()
      for (let sample = -warmUps; sample < samples; sample += 1) {
        for (const [route, operations] of Object.entries(routes)) {
          const ms = await timed(() => statement(operations))
          if (sample >= 0) times.set(route, [...(times.get(route) ?? []), ms])
        }
      }
      for (const [route, list] of times) figures[`${name}-${route}`] = median(list)
    }
    return figures
  },

  /** When the notification of an entry came, in milliseconds since 1970; `undefined` until then. */
  heardAt: (at: number) => heardAt.get(entryId(at)),

  /** Adds an entry and tells everybody; when that was asked for, and when it was acknowledged. */
  async tell(at: number): Promise<{ calledAt: number; acknowledgedAt: number }> {
    const { id, title, content } = makeEntry(at)
    const calledAt = now()
    await database().pgClient.query(
      `with added as (insert into entry (id, title, content, collection_id) values ($1, $2, $3, $4) returning id)
       select pg_notify('${channel}', id) from added`,
      [id, title, content, collectionId],
    )
    return { calledAt, acknowledgedAt: now() }
  },
}

declare global {
  interface Window {
    tabsBench: typeof bench
  }
}

window.tabsBench = bench

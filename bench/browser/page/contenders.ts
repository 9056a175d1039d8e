/** The contenders: ours, PGlite's own storages, and Dexie. */
import type { PGlite } from '@electric-sql/pglite'
import { createAppDatabase } from '@typyst/db/app'
import { eq } from 'drizzle-orm'
import { appMigrations } from '../../../src/app/migrations.generated.ts'
import { contentOf } from './contender.ts'
import type { Contender } from './contender.ts'

const insertSql = "insert into entry (id, title, content, collection_id) values ($1, $2, $3, 'c')"
const collectionSql = "insert into collection (id, name) values ('c', 'Bench') on conflict do nothing"
const newestSql = "select * from entry where collection_id = 'c' order by created_at desc, id desc limit 50"

/** The part of PGlite the benchmark uses; a worker offers the same. */
export interface Sql {
  query(text: string, params?: readonly unknown[]): Promise<{ readonly rows: readonly unknown[] }>
  exec(text: string): Promise<unknown>
  close(): Promise<void>
}

/** The same SQL on any PGlite. */
export function pgliteContender(create: () => Promise<Sql>): Contender {
  let sql: Sql | undefined
  const opened = (): Sql => {
    if (!sql) throw new Error('open() first')
    return sql
  }
  const insert = async (id: string) => {
    await opened().query(insertSql, [id, id, contentOf(id)])
  }
  return {
    async open() {
      sql = await create()
      const { rows } = await sql.query("select 1 from pg_class where relname = 'entry'")
      if (rows.length === 0) for (const { up } of appMigrations) await sql.exec(up)
      await sql.exec(collectionSql)
    },
    insert,
    async insertMany(ids) {
      const text =
        "insert into entry (id, title, content, collection_id) select i, i, t, 'c' from unnest($1::text[], $2::text[]) as n(i, t)"
      await opened().query(text, [ids, ids.map(contentOf)])
    },
    byKey: (id) => opened().query('select * from entry where id = $1', [id]),
    newest50: async () => (await opened().query(newestSql)).rows,
    close: () => opened().close(),
  }
}

function ours(durability: 'strict' | 'relaxed'): Contender {
  const app = createAppDatabase({ dataDir: 'idb://bench', durability })
  const { db, pgClient, schema } = app
  const raw = pgliteContender(() =>
    Promise.resolve({
      query: (text, params) => pgClient.query(text, params ? [...params] : undefined),
      exec: (text) => pgClient.exec(text),
      close: () => app.close(),
    }),
  )
  return {
    ...raw,
    insert: async (id) => {
      await db.insert(schema.entry).values({ id, title: id, content: contentOf(id), collectionId: 'c' })
    },
    insertRaw: (id) => raw.insert(id),
    byKey: (id) => db.select().from(schema.entry).where(eq(schema.entry.id, id)),
  }
}

function stock(dataDir: string): Contender {
  return pgliteContender(async () => {
    const { PGlite } = await import('@electric-sql/pglite')
    return asSql(await PGlite.create(dataDir))
  })
}

function asSql(pglite: PGlite): Sql {
  return {
    query: (text, params) => pglite.query(text, params ? [...params] : undefined),
    exec: (text) => pglite.exec(text),
    close: () => pglite.close(),
  }
}

/** OPFS has synchronous access in workers only. */
function opfs(): Contender {
  return pgliteContender(() => {
    const worker = new Worker(new URL('opfs-worker.ts', import.meta.url), { type: 'module' })
    let last = 0
    const call = (method: string, ...args: unknown[]): Promise<{ rows: unknown[] }> =>
      new Promise((resolve, reject) => {
        const id = ++last
        const listener = ({ data }: MessageEvent<{ id: number; error?: string; rows: unknown[] }>) => {
          if (data.id !== id) return
          worker.removeEventListener('message', listener)
          if (data.error === undefined) resolve(data)
          else reject(new Error(data.error))
        }
        worker.addEventListener('message', listener)
        worker.postMessage({ id, method, args })
      })
    return Promise.resolve({
      query: (text, params = []) => call('query', text, params),
      exec: (text) => call('exec', text),
      close: async () => {
        await call('close')
        worker.terminate()
      },
    })
  })
}

function dexie(durability: 'default' | 'strict'): Contender {
  const open = async () => {
    const { Dexie } = await import('dexie')
    const database = new Dexie('bench', durability === 'strict' ? { chromeTransactionDurability: 'strict' } : {})
    database.version(1).stores({ entry: 'id, [collectionId+createdAt]' })
    await database.open()
    return database
  }
  let database: Awaited<ReturnType<typeof open>> | undefined
  const table = () => {
    if (!database) throw new Error('open() first')
    return database.table<Record<string, unknown>>('entry')
  }
  const row = (id: string) => {
    const now = new Date()
    return { id, title: id, content: contentOf(id), collectionId: 'c', createdAt: now, updatedAt: now }
  }
  return {
    open: async () => {
      database = await open()
    },
    insert: async (id) => {
      await table().add(row(id))
    },
    insertMany: async (ids) => {
      await table().bulkAdd(ids.map(row))
    },
    byKey: (id) => table().get(id),
    newest50: () =>
      table()
        .where('[collectionId+createdAt]')
        .between(['c', new Date(0)], ['c', new Date(8.64e15)])
        .reverse()
        .limit(50)
        .toArray(),
    close: () => {
      database?.close()
      return Promise.resolve()
    },
  }
}

/** Every contender, by the name the tables show. */
export const contenders: Readonly<Record<string, () => Contender>> = {
  ours: () => ours('strict'),
  'ours, relaxed': () => ours('relaxed'),
  'stock idb': () => stock('idb://bench'),
  'opfs-ahp': opfs,
  memory: () => stock('memory://'),
  dexie: () => dexie('default'),
  'dexie, strict': () => dexie('strict'),
}

/** The page of the crash suite: opens the database, runs what it is told, and shows and checks what is in it. */
import { createAppDatabase } from '@typyst/db/app'
import type { AppDatabase } from '@typyst/db/app'
import type { Change, Contents, Statement } from '../model.ts'

let app: AppDatabase | undefined

const database = (): AppDatabase => {
  if (!app) throw new Error('open() first')
  return app
}

/** Long texts travel as what they are made of. */
const values = ({ params }: Statement): unknown[] =>
  params.map((param) => (typeof param === 'object' ? param.text.repeat(param.times) : param))

const harness = {
  async open(durability: 'strict' | 'relaxed'): Promise<void> {
    app = createAppDatabase({ dataDir: 'idb://crash', durability })
    await app.ready()
  },

  /** Resolves when the change is acknowledged. */
  async run({ statements, isTransaction }: Change): Promise<void> {
    const { pgClient } = database()
    if (isTransaction) {
      await pgClient.transaction(async (tx) => {
        for (const statement of statements) await tx.query(statement.sql, values(statement))
      })
    } else {
      for (const statement of statements) await pgClient.query(statement.sql, values(statement))
    }
  },

  flush: () => database().flush(),
  close: () => database().close(),

  /** Everything the model knows of, in the model's own words. */
  async contents(): Promise<Contents> {
    const { pgClient } = database()
    const list = async (sql: string): Promise<string[]> => {
      const { rows } = await pgClient.query<{ line: string }>(sql)
      return rows.map(({ line }) => line)
    }
    const tables = await list(
      "select relname as line from pg_class where relkind = 'r' and relname like 'extra\\_%' order by relname",
    )
    const counts: string[] = []
    for (const table of tables) counts.push(...(await list(`select '${table} ' || count(*) as line from ${table}`)))
    return {
      entries: await list(
        "select id || ' ' || title || ' ' || coalesce(md5(content), '') as line from entry order by id collate \"C\"",
      ),
      tables: counts,
      indexes: await list(
        "select relname as line from pg_class where relkind = 'i' and relname like 'made\\_%' order by relname",
      ),
    }
  },

  /** Runs the `amcheck` extension over every table and B-tree, on a copy in memory. Returns what it complains about. */
  async check(): Promise<string[]> {
    const [{ PGlite }, { amcheck }] = await Promise.all([
      import('@electric-sql/pglite'),
      import('@electric-sql/pglite/contrib/amcheck'),
    ])
    const copy = await PGlite.create({
      loadDataDir: await database().pgClient.dumpDataDir('none'),
      extensions: { amcheck },
    })
    try {
      await copy.exec('create extension if not exists amcheck')
      const heaps = await copy.query<{ complaint: string }>(
        `select c.oid::regclass || ': ' || v.msg as complaint from pg_class c, verify_heapam(c.oid) v
         where c.relkind in ('r', 't', 'm') and c.relpersistence = 'p'`,
      )
      // Throws at the first broken index, which fails the round as well.
      await copy.exec(
        `select bt_index_check(i.indexrelid, true) from pg_index i
         join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam
         where a.amname = 'btree' and i.indisvalid and i.indisready`,
      )
      return heaps.rows.map(({ complaint }) => complaint)
    } finally {
      await copy.close()
    }
  },
}

declare global {
  interface Window {
    crash: typeof harness
  }
}

window.crash = harness

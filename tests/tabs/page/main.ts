/** The page of the tabs suite: opens the shared database and does what it is told, one operation after the other. */
import { createAppDatabase, isTypystDbError } from '@typyst/db/app'
import type { AppDatabase, AppDatabaseOptions } from '@typyst/db/app'
import type { Contents, Operation, OperationResult, Row } from '../workload.ts'

/** What the workload writes into; a database of the app's own kind, so the tab brings the migration. */
const migrations = [
  {
    name: '0000_work',
    createdAt: 1_795_000_000_000,
    up: `create table work (lane text, id integer, n integer not null, body text not null, primary key (lane, id));
         create table tally (lane text primary key, n integer not null)`,
  },
]

/** What the suite varies. */
export type OpenOptions = Pick<AppDatabaseOptions, 'dataDir' | 'durability' | 'leaderTimeoutMs'>

const workers: Worker[] = []
const underWay = new Set<Promise<unknown>>()
const heard: string[] = []
const events: string[] = []
let app: AppDatabase | undefined

const database = (): AppDatabase => {
  if (!app) throw new Error('open() first')
  return app
}

const createWorker = (): Worker => {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
  workers.push(worker)
  return worker
}

/** Thrown to have a transaction rolled back, and told apart from what the database throws. */
const changedMind = new Error('The operation was to be rolled back.')

async function perform({ kind, steps }: Operation): Promise<(readonly Row[])[]> {
  const { pgClient } = database()
  const results: (readonly Row[])[] = []
  const runSteps = async (executor: Pick<typeof pgClient, 'query'>): Promise<void> => {
    for (const { sql, params } of steps) {
      const { rows } = await executor.query<unknown[]>(sql, [...params], { rowMode: 'array' })
      results.push(rows.map((row) => row.map(shorten)))
    }
  }
  if (kind === 'flush') await database().flush()
  else if (kind === 'statement') await runSteps(pgClient)
  else {
    await pgClient
      .transaction(async (tx) => {
        await runSteps(tx)
        if (kind === 'taken-back') throw changedMind
      })
      .catch((error: unknown) => {
        if (error !== changedMind) throw error
      })
  }
  return results
}

/** Long texts as their length: what the model holds of them, too. */
function shorten(value: unknown): string | number {
  if (typeof value === 'number') return value
  const text = String(value)
  return text.length > 100 ? text.length : text
}

const harness = {
  /** Opens the database and listens; resolves when it is ready. */
  async open(options: OpenOptions): Promise<void> {
    app = createAppDatabase({
      ...options,
      worker: createWorker,
      migrations,
      onEvent: ({ type }) => events.push(type),
    })
    await app.ready()
    await app.pgClient.listen('work', (payload) => heard.push(payload))
  },

  isOpen: () => app !== undefined,

  /** Never rejects, so that a rejection outside means that the page is gone. */
  run(operation: Operation): Promise<OperationResult> {
    const running = perform(operation).then(
      (results) => ({ isDone: true as const, results }),
      (error: unknown) => ({
        isDone: false as const,
        code: isTypystDbError(error) ? error.code : 'none',
        message: String(error),
      }),
    )
    underWay.add(running)
    return running.finally(() => underWay.delete(running))
  },

  /** Resolves when nothing runs: a page that came back from the cache goes on with what it had begun. */
  async idle(): Promise<void> {
    await Promise.all(underWay)
  },

  /** Everything in one statement, which sees one moment. */
  async contents(): Promise<Contents> {
    const { rows } = await database().pgClient.query<{ contents: Contents }>(
      `select json_build_object(
         'work', coalesce((select json_agg(json_build_array(lane, id, n, md5(body)) order by lane collate "C", id) from work), '[]'),
         'tally', coalesce((select json_agg(json_build_array(lane, n) order by lane collate "C") from tally), '[]')) as contents`,
    )
    const [row] = rows
    if (!row) throw new Error('An aggregate has a row.')
    return row.contents
  },

  /** For good, also in relaxed mode. */
  async clear(): Promise<void> {
    await database().pgClient.exec('delete from work; delete from tally')
    // The first one may tell what an earlier leader took along.
    await database()
      .flush()
      .catch(() => database().flush())
  },

  async notify(payload: string): Promise<void> {
    await database().pgClient.query("select pg_notify('work', $1)", [payload])
  },

  hasHeard: (payload: string) => heard.includes(payload),
  events: () => events.splice(0),
  role: async () => (await database().status()).role,
  close: () => database().close(),

  /** Ends the worker as the browser does when it needs the memory. */
  terminateWorker(): void {
    workers.at(-1)?.terminate()
  },

  /** Keeps the page from doing anything, as a long computation does. */
  block(ms: number): void {
    const end = performance.now() + ms
    while (performance.now() < end);
  },
}

declare global {
  interface Window {
    tabs: typeof harness
  }
}

window.tabs = harness

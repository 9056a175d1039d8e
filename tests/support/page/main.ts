/** The test page: puts what a tab has of the package on `window.typyst`, for `page.evaluate`. */
import {
  createAppDatabase,
  createId,
  exportRaw,
  isTypystDbError,
  migrationsFromDrizzleKit,
  readStorageQuota,
  requestPersistence,
  salvage,
} from '@typyst/db/app'
import type { AppDatabase, AppDatabaseOptions } from '@typyst/db/app'
import * as schema from '@typyst/db/schema/app'
import * as drizzle from 'drizzle-orm'

/** Every worker this page made, the newest last. */
const workers: Worker[] = []

const harness = {
  workers,
  /** The option `worker`. */
  worker(): Worker {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
    workers.push(worker)
    return worker
  },
  createAppDatabase,
  createId,
  exportRaw,
  migrationsFromDrizzleKit,
  readStorageQuota,
  requestPersistence,
  salvage,
  /** `createAppDatabase` with its engine in the page or behind the worker. */
  createIn(mode: 'page' | 'worker', options: AppDatabaseOptions): AppDatabase {
    return createAppDatabase(mode === 'worker' ? { ...options, worker: () => harness.worker() } : options)
  },
  /** The tables of `@typyst/db/schema/app`. */
  schema,
  /** Drizzle's operators: `drizzle.eq`, `drizzle.sql` and so on. */
  drizzle,
  /** PGlite itself, to look at a database or to damage it behind the package's back. */
  loadPGlite: () => import('@electric-sql/pglite'),
  /**
   * The code and message that `attempt` fails with, or `undefined` when it succeeds: of an error that leaves the page,
   * Playwright keeps the message only. An error that is not the package's own has the code `'none'`.
   */
  async failure(attempt: PromiseLike<unknown>): Promise<{ code: string; message: string } | undefined> {
    try {
      await attempt
      return undefined
    } catch (error) {
      return { code: isTypystDbError(error) ? error.code : 'none', message: String(error) }
    }
  },
}

/** What a page does with a database for a page around it. */
const acts = {
  /** Opens it, adds a row, and tells what became of it. */
  async tryOut(mode: 'page' | 'worker', options: Ask['options']): Promise<TryOut> {
    const app = harness.createIn(mode, options)
    try {
      const failed = await harness.failure(app.ready())
      if (failed) return { code: failed.code }
      await app.db.insert(schema.collection).values({ id: createId(), name: 'Tried out' })
      const { kind, fallbackCause } = await app.status()
      return { kind, fallback: fallbackCause?.code, rows: await app.db.$count(schema.collection) }
    } finally {
      await app.close()
    }
  },
  /** Opens it and keeps it open. */
  async hold(mode: 'page' | 'worker', options: Ask['options']): Promise<TryOut> {
    held = harness.createIn(mode, options)
    const failed = await harness.failure(held.ready())
    return { code: failed?.code }
  },
  /** Closes what is held. */
  async letGo(): Promise<TryOut> {
    await held?.close()
    return {}
  },
}

let held: AppDatabase | undefined

/** How a database did. */
export interface TryOut {
  readonly code?: string | undefined
  readonly kind?: string
  readonly fallback?: string | undefined
  readonly rows?: number
}

/** What a page asks of a page of another site that it has in a frame. */
export interface Ask {
  readonly act: keyof typeof acts
  readonly mode: 'page' | 'worker'
  readonly options: { readonly dataDir: string; readonly memoryFallback?: boolean }
}

addEventListener('message', ({ data, ports: [port] }: MessageEvent<Ask>) => {
  void acts[data.act](data.mode, data.options).then((outcome) => port?.postMessage(outcome))
})

declare global {
  interface Window {
    /** Only inside `page.evaluate`, whose functions may not use `using`: that compiles to an import. */
    typyst: typeof harness
  }
}

window.typyst = harness

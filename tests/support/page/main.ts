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

declare global {
  interface Window {
    /** Only inside `page.evaluate`, whose functions may not use `using`: that compiles to an import. */
    typyst: typeof harness
  }
}

window.typyst = harness

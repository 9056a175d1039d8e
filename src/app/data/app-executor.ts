/** The part of Drizzle that the repositories use: the database's and a transaction's alike. */
import type { PgDatabase } from 'drizzle-orm/pg-core'
import type { DrizzleResultHKT } from '../../drizzle/session.ts'

/** What runs statements: `app.db`, or the transaction that `app.db.transaction` gives its callback. */
export interface AppExecutor extends Pick<
  PgDatabase<DrizzleResultHKT>,
  'select' | 'insert' | 'update' | 'delete' | 'execute'
> {
  /** Begins a transaction, or a savepoint inside of one. */
  transaction<T>(run: (tx: AppExecutor) => Promise<T>): Promise<T>
}

/** Every repository's method takes this. */
export interface WithTransaction {
  /**
   * The Drizzle transaction to take part in: `app.db.transaction((tx) => app.entries.create(values, { tx }))`.
   *
   * @defaultValue none; the method is a transaction of its own
   */
  readonly tx?: AppExecutor | undefined
}

/** Keeps statements that change their session off a connection that other callers use next. */
import { TypystDbError } from '../errors.ts'
import { findSessionChange } from './session-statements.ts'
import type { SessionChange } from './session-statements.ts'
import type { SqlConnection, SqlExecutor } from './sql-connection.ts'

/** What to do instead, by what the statement would change. */
const remedies: Readonly<Record<SessionChange, string>> = {
  transaction:
    'A transaction that is begun or ended by hand would take in what others do on that connection, or end theirs. Use `transaction()`, and inside of it `tx.transaction()` for a savepoint.',
  copy: 'The data of a `copy` from or to the client has no way through here. Insert or select rows, or copy through a client of your own.',
  setting:
    'A setting would stay for whoever uses the connection next. Use `set local` inside a transaction (`set_config` with `true`), the options of the connection such as `postgresSchema`, or `alter role … set`.',
  seed: 'A seed would stay for whoever uses the connection next, whose random numbers could be foretold then. Draw numbers that can be repeated in your own code.',
  reset:
    'What a pooler or this package has set on the session would be lost for others. Use `set local` inside a transaction, which ends with it.',
  discard:
    'What others keep in the session would be lost for them, such as the statements that the package has prepared. Leave it out.',
  notifications:
    'Notifications would come to a connection that is read for other callers only. Listen through a client of your own, which keeps its session.',
  prepared:
    'Prepared statements belong to one connection of many, and the package prepares by itself what comes again (`preparedStatements`). Send the statement as it is.',
  cursor:
    'A cursor with hold would stay on a connection that others use next. Declare it without hold inside a transaction.',
  library:
    'A library would stay in a session that others use next. Load it by `session_preload_libraries` of the role.',
  lock: 'An advisory lock of the session would be kept by a connection that others use next. Use `pg_advisory_xact_lock` or `pg_try_advisory_xact_lock` inside a transaction.',
  temporary:
    'What is temporary stays in the session and hides tables of the same name from others. Use `create temporary table … on commit drop` inside a transaction.',
}

/**
 * Puts the check before a connection. What runs by `exec` is the package's own and passes.
 *
 * @param isSetUp - Whether somebody has set up the session since it began: a transaction pooler, or this package that of an
 *   engine in this process.
 */
export function refuseSessionChanges(connection: SqlConnection, isSetUp: boolean): SqlConnection {
  const checked = <T>(text: string, run: () => Promise<T>): Promise<T> => {
    const change = findSessionChange(text)
    // Of any other session a reset leads back to what every connection of the pool begins with.
    if (change === undefined || (change === 'reset' && !isSetUp)) return run()
    return Promise.reject(
      new TypystDbError(
        'STATEMENT_REFUSED',
        `The statement would change the session it runs in, and was not run. ${remedies[change]}`,
      ),
    )
  }
  const guard = (executor: SqlExecutor): SqlExecutor => ({
    query: (text, params) => checked(text, () => executor.query(text, params)),
    queryArrays: (text, params) => checked(text, () => executor.queryArrays(text, params)),
    exec: (text) => executor.exec(text),
  })
  return {
    ...guard(connection),
    transaction: (run, options) => connection.transaction((tx) => run(guard(tx)), options),
  }
}

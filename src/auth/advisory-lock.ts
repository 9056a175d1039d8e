/** Makes processes that migrate one Postgres at the same time take turns. */
import { TypystDbError } from '../errors.ts'
import type { SqlExecutor } from '../internal/sql-connection.ts'

/** How often to ask again for a lock another process holds, in milliseconds. */
const pollIntervalMs = 100

/**
 * Runs work while this session holds an advisory lock.
 *
 * It asks again and again instead of waiting inside `pg_advisory_lock`: a session that waits there holds a snapshot, and
 * the holder's `create index concurrently` waits for every snapshot, so the two would wait for each other for ever.
 *
 * @param session - One session; the lock belongs to it.
 * @param name - What is locked; processes that use the same name take turns.
 * @param timeoutMs - How long to keep asking, in milliseconds.
 * @throws TypystDbError `MIGRATION_LOCKED` when the time is up.
 */
export async function withAdvisoryLock<T>(
  session: SqlExecutor,
  name: string,
  timeoutMs: number,
  run: () => Promise<T>,
): Promise<T> {
  const deadline = Date.now() + timeoutMs
  while (!(await tryLock(session, name))) {
    if (Date.now() >= deadline) {
      throw new TypystDbError(
        'MIGRATION_LOCKED',
        `Another process has been migrating this database for ${timeoutMs} ms. Wait for it, or raise \`migrationLockTimeoutMs\`; nothing was changed.`,
      )
    }
    await new Promise((resolve) => setTimeout(resolve, pollIntervalMs))
  }
  try {
    return await run()
  } finally {
    // A session that broke has lost the lock already.
    await session.query('select pg_advisory_unlock(hashtextextended($1, 0))', [name]).catch(() => undefined)
  }
}

async function tryLock(session: SqlExecutor, name: string): Promise<boolean> {
  const { rows } = await session.query('select pg_try_advisory_lock(hashtextextended($1, 0)) as locked', [name])
  return rows[0]?.['locked'] === true
}

/** The embedded default: PGlite in a folder or in memory, with a notice that it is in use. */
import type { Opened } from '../../internal/lazy-connection.ts'
import { createTransactionGate, gateTransactions } from '../../internal/transaction-gate.ts'
import { defaultTransactionIdleTimeoutMs } from '../../internal/transaction-level.ts'
import { openPGlite } from '../../pglite/open-pglite.ts'
import type { EmbeddedTarget } from '../options.ts'

/**
 * Opens PGlite for the auth database.
 *
 * @param onNotice - Told once per opening which database this is, because it was not asked for by a connection string.
 * @param files - What a database in memory goes on with, whose engine has failed.
 */
export async function openEmbedded(
  { location, dataDir, postgresSchema }: EmbeddedTarget,
  onNotice: (message: string) => void,
  files?: Blob,
): Promise<Opened> {
  const opened = await openPGlite(location, files)
  // PGlite has one session, so this holds for every query.
  if (postgresSchema !== undefined) await opened.connection.exec(`set search_path to ${postgresSchema}`)
  onNotice(
    `[@typyst/db] No connection string: the auth database is the embedded default in "${dataDir}". Meant for development and tests.`,
  )
  const gate = createTransactionGate(defaultTransactionIdleTimeoutMs)
  return { ...opened, connection: gateTransactions(opened.connection, gate) }
}

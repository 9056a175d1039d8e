/** An empty PGlite in memory. */
import { openPGlite } from '../../src/pglite/open-pglite.ts'
import type { OpenedConnection } from './opened-connection.ts'

/** Opens it behind the connection port. */
export async function openMemory(): Promise<OpenedConnection> {
  const { connection, close } = await openPGlite({ kind: 'memory' })
  return { connection, [Symbol.asyncDispose]: close }
}

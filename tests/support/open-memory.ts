/** An empty PGlite in memory: started once and emptied between tests, because starting takes seconds. */
import { openPGlite } from '../../src/pglite/open-pglite.ts'
import type { OpenedPGlite } from '../../src/pglite/open-pglite.ts'
import type { OpenedConnection } from './opened-connection.ts'

const idle: OpenedPGlite[] = []

/** Gives one that nobody else has; disposing it empties it for the next. */
export async function openMemory(): Promise<OpenedConnection> {
  const opened = idle.pop() ?? (await openPGlite({ kind: 'memory' }))
  return {
    connection: opened.connection,
    async [Symbol.asyncDispose]() {
      await opened.connection.exec(
        'drop schema public cascade; create schema public; drop schema if exists drizzle cascade',
      )
      idle.push(opened)
    },
  }
}

/** An empty PGlite in memory: started once and emptied between tests, because starting takes seconds. */
import { appMigrations } from '../../src/app/migrations.generated.ts'
import { loadSnapshotArchive } from '../../src/app/storage/snapshot.ts'
import { openPGlite } from '../../src/pglite/open-pglite.ts'
import type { OpenedPGlite } from '../../src/pglite/open-pglite.ts'
import type { OpenedConnection } from './opened-connection.ts'

const idle: OpenedPGlite[] = []

/** Gives one that nobody else has; disposing it empties it for the next. */
export async function openMemory(): Promise<OpenedConnection> {
  const opened = idle.pop() ?? (await start())
  return {
    connection: opened.connection,
    async [Symbol.asyncDispose]() {
      await empty(opened)
      idle.push(opened)
    },
  }
}

/** The snapshot that the build ships spares it initdb; what the app keeps in there goes. */
async function start(): Promise<OpenedPGlite> {
  const opened = await openPGlite({ kind: 'memory' }, await loadSnapshotArchive(appMigrations.map(({ hash }) => hash)))
  await empty(opened)
  return opened
}

async function empty({ connection }: OpenedPGlite): Promise<void> {
  await connection.exec(
    'reset all; drop schema public cascade; create schema public; drop schema if exists drizzle cascade',
  )
}

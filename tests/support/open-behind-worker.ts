/** An empty database in memory behind a worker, for suites of the connection port: the counterpart of open-memory.ts. */
import { createWorkerEngine } from '../../src/app/tab/open-through-worker.ts'
import type { AppSession } from '../../src/app/connection/open-at.ts'
import { appMigrations } from '../../src/app/migrations.generated.ts'
import { createNodeWorker } from './node-worker.ts'
import type { OpenedConnection } from './opened-connection.ts'

const idle: AppSession[] = []
const nothing = (): void => undefined

const start = (): Promise<AppSession> =>
  createWorkerEngine({
    location: { kind: 'memory' },
    createWorker: () => createNodeWorker() as Worker, // The part of one that the package uses.
    durability: 'strict',
    memoryFallback: false,
    migrations: { app: appMigrations, consumer: [] },
    leaderTimeoutMs: 60_000,
    transactionIdleTimeoutMs: 10_000,
    onPhase: nothing,
    onEvent: nothing,
    onDestroyed: nothing,
    onStorageChange: undefined,
    openInMemory: () => Promise.reject(new Error('A thread refuses nothing.')),
  }).open()

/** Gives one that nobody else has; disposing it keeps it for the next. */
export async function openBehindWorker(): Promise<OpenedConnection> {
  const session = idle.pop() ?? (await start())
  await session.connection.exec(
    'drop schema public cascade; create schema public; drop schema if exists drizzle cascade',
  )
  return {
    connection: session.connection,
    [Symbol.asyncDispose]() {
      idle.push(session)
      return Promise.resolve()
    },
  }
}

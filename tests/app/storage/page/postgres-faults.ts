/** Postgres on the block store while IndexedDB fails at every n-th operation. */
import { isTypystDbError } from '../../../../src/errors.ts'
import { createBlockStore } from '../../../../src/app/storage/block-store.ts'
import { createFilesystem } from '../../../../src/app/storage/create-filesystem.ts'
import { defaultLimits } from '../../../../src/app/storage/pack.ts'
import { loadSnapshot } from '../../../../src/app/storage/snapshot.ts'
import { appMigrations } from '../../../../src/app/migrations.generated.ts'
import { openOnStorage } from '../../../../src/pglite/open-on-storage.ts'
import type { OpenedPGlite } from '../../../../src/pglite/open-pglite.ts'
import { createFaultyFactory } from './faulty-factory.ts'
import type { FaultKind } from './faulty-factory.ts'

/** What happened at each operation. */
export interface FaultReport {
  /** Codes that inserts and transactions failed with. */
  readonly codes: readonly string[]
  readonly faults: number
  /** Ids that were acknowledged. */
  readonly acknowledged: readonly number[]
  /** Ids that the reopened database holds. */
  readonly stored: readonly number[]
}

/** Inserts row after row, alone and two in a transaction, with a fault in each, then opens the database again. */
export async function runPostgresFaults(kind: FaultKind, times: number, operations: number): Promise<FaultReport> {
  const name = `faults-${kind}-${times}`
  const factory = createFaultyFactory()
  const open = async (): Promise<OpenedPGlite> => {
    const seed = () => loadSnapshot(appMigrations.map(({ hash }) => hash))
    // Folded after every flush, so that faults hit that too.
    const limits = { ...defaultLimits, journalFlushesAllowed: 0 }
    const store = createBlockStore({ name, durability: 'strict', factory, seed, limits })
    return openOnStorage({
      createFilesystem: (frontend) => createFilesystem(frontend, store),
      started: () => Promise.resolve(),
      needsCheckpoint: () => false,
      flush: () => store.flush(),
      scrub: () => store.scrub(),
      close: () => store.close(),
    })
  }

  const first = await open()
  await first.client.exec('create table row (id integer primary key, text text)')
  const codes: string[] = []
  const acknowledged: number[] = []
  let faults = 0
  let id = 0
  const attempt = async (ids: readonly number[], work: () => Promise<unknown>): Promise<void> => {
    try {
      await work()
      acknowledged.push(...ids)
    } catch (cause) {
      codes.push(isTypystDbError(cause) ? cause.code : String(cause))
    }
  }
  const insert = "insert into row values ($1, repeat('x', 3000))"
  for (let operation = 1; operation <= operations; operation += 1) {
    factory.failAt(operation, kind, times)
    const alone = ++id
    await attempt([alone], () => first.client.query(insert, [alone]))
    const [left, right] = [++id, ++id]
    await attempt([left, right], () =>
      first.client.transaction(async (tx) => {
        await tx.query(insert, [left])
        await tx.query(insert, [right])
      }),
    )
    if (factory.hasFailed()) faults += 1
    factory.disarm()
    // Whatever failed above is made up for by the next query, which nothing hinders.
    await first.client.query('select 1')
  }
  await first.close()

  const second = await open()
  const { rows } = await second.client.query<{ id: number }>('select id from row order by id')
  await second.close()
  return { codes, faults, acknowledged, stored: rows.map((row) => row.id) }
}

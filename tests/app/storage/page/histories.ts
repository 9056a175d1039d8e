/** Stores as lives leave them: what Postgres wrote in many sessions, closed and killed, small and large. */
import { createBlockStore } from '../../../../src/app/storage/block-store.ts'
import type { BlockStore, BlockStoreOptions } from '../../../../src/app/storage/block-store-types.ts'
import { createFilesystem } from '../../../../src/app/storage/create-filesystem.ts'
import { blockBytes } from '../../../../src/app/storage/format.ts'
import { openStorage } from '../../../../src/app/storage/open-storage.ts'
import { loadSnapshot } from '../../../../src/app/storage/snapshot.ts'
import { appMigrations } from '../../../../src/app/migrations.generated.ts'
import { loadPGlite } from '../../../../src/pglite/load-pglite.ts'
import { openOnStorage } from '../../../../src/pglite/open-on-storage.ts'
import type { OpenedPGlite } from '../../../../src/pglite/open-pglite.ts'
import type { Random } from '../../../support/random.ts'
import { createBlockStore as createFormat1Store } from './format-1.generated.js'

/** How a store began: with this package, as a database of stock PGlite, or with the release before sums. */
export const beginnings = ['new', 'stock', 'format 1'] as const
export type Beginning = (typeof beginnings)[number]

const migrationHashes = appMigrations.map(({ hash }) => hash)

/** So small that folds, packs, their death and compaction happen all the time. */
const smallLimits = {
  packFromBlocks: 12,
  packMaxBlocks: 40,
  recordsAllowed: 60,
  deadBlocksAllowed: 40,
  journalFlushesAllowed: 12,
  journalBytesAllowed: 24 * blockBytes,
}

/** Opens Postgres on a store. */
export function openPostgres(store: BlockStore): Promise<OpenedPGlite> {
  return openOnStorage({
    createFilesystem: (frontend) => createFilesystem(frontend, store),
    started: () => Promise.resolve(),
    needsCheckpoint: () => false,
    flush: () => store.flush(),
    scrub: () => store.scrub(),
    close: () => store.close(),
  })
}

/** Every row of every table, as text. */
export async function allRows({ client }: Pick<OpenedPGlite, 'client'>): Promise<string> {
  const tables = await client.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and n.nspname = 'public' order by 1`,
  )
  const lines: string[] = []
  for (const { name } of tables.rows) {
    const { rows } = await client.query<{ row: string }>(`select t::text as row from ${name} t order by 1`)
    lines.push(name, ...rows.map(({ row }) => row))
  }
  return lines.join('\n')
}

/**
 * Lives a life on a store and leaves it closed or killed.
 *
 * @param onHalf - Called between two sessions, halfway.
 */
export async function liveHistory(
  name: string,
  beginning: Beginning,
  random: Random,
  sessions: number,
  onHalf: () => Promise<void>,
): Promise<void> {
  if (beginning === 'stock') await beginAsStock(name)
  const limits = random(3) === 0 ? undefined : smallLimits
  for (let session = 0; session < sessions; session += 1) {
    const options: BlockStoreOptions = {
      name,
      durability: random(3) === 0 ? 'relaxed' : 'strict',
      limits,
      seed: () => loadSnapshot(migrationHashes),
      // As a leader does, which begins with a mark.
      ...(random(2) === 0 && { leaderTimeoutMs: 15_000 }),
    }
    const isOld = beginning === 'format 1' && session < sessions / 2
    const store = isOld ? createFormat1Store(options) : createBlockStore(options)
    const opened = await openPostgres(store)
    await opened.client.exec(
      `create table if not exists note (id integer primary key generated always as identity, text text not null)`,
    )
    for (let left = 4 + random(10); left > 0; left -= 1) await act(opened, random)
    if (random(3) > 0) await opened.close()
    else {
      if (random(2) === 0) await store.flush()
      store.abandon()
    }
    if (session === Math.floor(sessions / 2)) await onHalf()
  }
}

async function act(opened: OpenedPGlite, random: Random): Promise<void> {
  const { client } = opened
  const fill = "insert into note (text) select md5(n::text) || repeat('lorem ', $1) from generate_series(1, $2) n"
  const actions: readonly (() => Promise<unknown>)[] = [
    () => client.query(fill, [random(20), 1]),
    () => client.query(fill, [random(200), 1 + random(5)]),
    () => client.query(fill, [3, 50 + random(800)]),
    () => client.query('update note set text = text || $1 where id % $2 = 0', ['changed', 1 + random(9)]),
    () => client.query('delete from note where id % $1 = 0', [2 + random(5)]),
    () => client.exec('delete from note where id > (select count(*) / 2 from note)'),
    () => client.exec('vacuum note'),
    () => client.exec('checkpoint'),
    () => client.exec('vacuum full note'),
    () => client.exec('truncate note'),
    () => client.exec('create index if not exists note_text on note (text)'),
    () => client.exec('drop index if exists note_text'),
    () => client.transaction((tx) => tx.query(fill, [1, 3])),
    () => opened.scrub(),
  ]
  // Those at the front, which add rows, more often.
  await actions[Math.min(random(actions.length), random(actions.length))]?.()
}

/** Makes a database of stock PGlite and opens it with this package, which adopts it. */
async function beginAsStock(name: string): Promise<void> {
  const { PGlite } = await loadPGlite()
  const stock = await PGlite.create(`idb://${name}`)
  await stock.exec("create table stock (text text); insert into stock values ('kept')")
  await stock.close()
  const adopted = await openOnStorage(openStorage({ name, durability: 'strict', migrationHashes }))
  await adopted.close()
}

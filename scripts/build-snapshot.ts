/** Builds the snapshot that new databases start from: initdb, the app migrations, everything superfluous removed. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { brotliCompressSync, constants, deflateRawSync } from 'node:zlib'
import { PGlite, types } from '@electric-sql/pglite'
import { migrateApp } from '../src/app/migrate-app.ts'
import { appMigrations } from '../src/app/migrations.generated.ts'
import { crc32c } from '../src/app/storage/fresh-identity.ts'
import type { IdentityLayout } from '../src/app/storage/fresh-identity.ts'
import { unweave } from '../src/app/storage/snapshot.ts'
import type { SnapshotData } from '../src/app/storage/snapshot.ts'
import { createPGliteConnection, inheritParsers } from '../src/pglite/pglite-connection.ts'

const target = new URL('../src/app/storage/snapshot-data.generated.js', import.meta.url)

/** What a database does not need in order to start, because Postgres makes it again: caches, free space maps, statistics. */
const superfluous = /\/(pg_internal\.init|postmaster\.(pid|opts)|pgstat\.stat)$|_fsm$/

/** Removes what nobody reads in an app's database. See docs/storage.md for what each step saves. */
const shrink = [
  // Databases to copy new ones from. PGlite opens one database, which is there.
  "update pg_database set datistemplate = false where datname like 'template%'",
  'drop database template0',
  'drop database template1',
  // Comments on built-in objects, and statistics of catalogs, which the planner does without.
  'delete from pg_description',
  'delete from pg_shdescription',
  'delete from pg_statistic',
  'vacuum full',
  'vacuum freeze',
  // Twice, so that the last segment holds nothing but the shutdown's checkpoint, and no older one is kept.
  'select pg_switch_wal()',
  'checkpoint',
  'select pg_switch_wal()',
  'checkpoint',
]

/** Builds the snapshot of the current migrations. */
export async function buildSnapshot(): Promise<SnapshotData> {
  const folder = await mkdtemp(join(tmpdir(), 'typyst-snapshot-'))
  try {
    const settings = ['wal_init_zero=off', 'wal_recycle=off', 'min_wal_size=2MB', 'max_wal_size=4MB']
    const pglite = await PGlite.create(folder, {
      initDbStartParams: ['--wal-segsize=1'],
      startParams: [...PGlite.defaultStartParams, ...settings.flatMap((setting) => ['-c', setting])],
    })
    const connection = createPGliteConnection(pglite, inheritParsers(pglite, types.parsers))
    await migrateApp(connection, { app: appMigrations, consumer: [] })
    for (const statement of shrink) await pglite.exec(statement)
    await pglite.close()
    return await pack(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function pack(folder: string): Promise<SnapshotData> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  const pathOf = (entry: (typeof found)[number]) => `${entry.parentPath.slice(folder.length)}/${entry.name}`
  const directories = found.filter((entry) => entry.isDirectory()).map(pathOf)
  const paths = found.filter((entry) => entry.isFile()).map(pathOf)
  const files = await Promise.all(
    paths
      .filter((path) => !superfluous.test(path))
      .map(async (path) => best(path, withoutComments(path, await readFile(folder + path)))),
  )
  const control = await readFile(`${folder}/global/pg_control`)
  // Files that were sorted alike stand together, where deflate finds what they have in common.
  files.sort((left, right) => left.stride - right.stride || (left.path < right.path ? -1 : 1))
  const archive = deflateRawSync(Buffer.concat(files.map(({ sorted }) => sorted)), { level: 9, memLevel: 9 })
  return {
    migrationHashes: appMigrations.map(({ hash = '' }) => hash),
    identity: findIdentity(control),
    directories: directories.sort(),
    files: files.map(({ path, sorted, stride }) => [path, sorted.length, stride]),
    archive: archive.toString('base64'),
  }
}

/** The stride that deflates best. */
function best(path: string, bytes: Uint8Array): { path: string; stride: number; sorted: Uint8Array } {
  const candidates = [1, 4, 8, 16].map((stride) => {
    const sorted = unweave(bytes, stride)
    return { path, stride, sorted, size: deflateRawSync(sorted, { level: 9, memLevel: 9 }).length }
  })
  return candidates.reduce((smallest, next) => (next.size < smallest.size ? next : smallest))
}

function withoutComments(path: string, bytes: Buffer): Uint8Array {
  if (!path.endsWith('.conf')) return bytes
  const lines = bytes.toString().split('\n')
  return Buffer.from(
    lines
      .map((line) => line.replace(/\s*#.*$/, ''))
      .filter(Boolean)
      .join('\n') + '\n',
  )
}

/** Finds the checksum by trying, and with it the nonce, which stands before it with three bytes of padding. */
function findIdentity(control: Buffer): IdentityLayout {
  for (let crcOffset = 200; crcOffset < 512; crcOffset += 4) {
    if (crc32c(control.subarray(0, crcOffset)) !== control.readUInt32LE(crcOffset)) continue
    const nonceOffset = crcOffset - 35
    const isPadded = control.subarray(crcOffset - 3, crcOffset).every((byte) => byte === 0)
    const signedness = control[nonceOffset - 1] ?? 2
    const checksums = control.readUInt32LE(nonceOffset - 5)
    if (isPadded && signedness <= 1 && checksums <= 1) return { crcOffset, nonceOffset }
  }
  throw new Error('pg_control has another layout than Postgres 18: look at ControlFileData and change findIdentity.')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const data = await buildSnapshot()
  await writeFile(
    target,
    `/** Made by scripts/build-snapshot.ts; do not edit. */\nexport const snapshotData = ${JSON.stringify(data)}\n`,
  )
  const raw = data.files.reduce((total, [, size]) => total + size, 0)
  const text = await readFile(target)
  const brotli = brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } })
  console.log(
    `snapshot: ${data.files.length} files, ${raw} bytes raw, ${text.length} as a module, ${brotli.length} with brotli`,
  )
}

/** What may go wrong with the embedded default: odd folders, two openers, kills, closing at any moment. */
import { execFileSync } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createAuthDatabase } from '../../src/auth/create-auth-database.ts'
import type { AuthDatabase } from '../../src/auth/create-auth-database.ts'
import { failureOf } from '../support/leaks.ts'
import { source, startChild } from '../support/child.ts'
import { fewOf } from '../support/rounds.ts'

/** A migrated folder to copy: making one takes seconds, and few tests are about that. */
let template: string
beforeAll(async () => {
  template = join(await mkdtemp(join(tmpdir(), 'typyst-template-')), 'data')
  await using authDb = open(template)
  await authDb.migrate()
  return () => rm(dirname(template), { recursive: true, force: true })
})

let parent: string
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'typyst-folders-'))
  onTestFinished(() => rm(parent, { recursive: true, force: true }))
})

const open = (dataDir: string) => createAuthDatabase({ dataDir, onNotice: () => undefined })
const copyTemplate = async () => {
  const dataDir = join(parent, 'data')
  await cp(template, dataDir, { recursive: true })
  return dataDir
}
const ada = { id: 'ada', name: 'Ada', email: 'ada@example.com' }
const namesIn = async (authDb: AuthDatabase) =>
  (await authDb.db.query.user.findMany({ columns: { name: true } })).map(({ name }) => name)

describe('a folder', () => {
  it.for([
    [
      'with an odd name, whose parents are missing, that is relative, with a slash at the end,',
      () => `${relative('', join(parent, 'a', 'b', ` it's "my"  🗄️; drop table 100%25 `))}/`,
    ],
    ['as a URL', () => `file://${join(parent, 'url')}`],
  ] as const)('%s keeps its rows', { tags: 'long' }, async ([, nameOf]) => {
    const dataDir = nameOf()
    {
      await using authDb = open(dataDir)
      await authDb.migrate()
      await authDb.db.insert(authDb.schema.user).values(ada)
    }
    await using again = open(dataDir)
    expect(await namesIn(again)).toEqual(['Ada'])
    const left = await readdir(parent, { recursive: true })
    expect(left.filter((path) => basename(path) === 'PG_VERSION' && !path.includes('base'))).toHaveLength(1)
    expect(left.filter((path) => path.endsWith('.new'))).toEqual([])
  })

  it.for([
    ['a file', 'STORAGE_UNAVAILABLE', (path: string) => writeFile(path, 'precious')],
    ['a folder of something else', 'STORAGE_INCOMPATIBLE', (path: string) => put(path, 'notes.md', 'precious')],
    ['of another major version', 'STORAGE_INCOMPATIBLE', (path: string) => put(path, 'PG_VERSION', '17\n')],
    ['with a garbled version', 'STORAGE_INCOMPATIBLE', (path: string) => put(path, 'PG_VERSION', '\0\0')],
    ['a version and no database', 'STORAGE_INCOMPATIBLE', (path: string) => put(path, 'PG_VERSION', '18\n')],
    ['a link that leads nowhere', 'STORAGE_UNAVAILABLE', (path: string) => symlink(join(parent, 'nowhere'), path)],
  ] as const)('that is %s is refused and left alone', async ([, code, prepare]) => {
    const path = join(parent, 'data')
    await prepare(path)
    const before = await contentsOf(parent)
    const exitCode = process.exitCode
    await using authDb = open(path)
    expect(await failureOf(() => authDb.ready())).toMatchObject({ code })
    // The next call tries again, and finds the same.
    expect(await failureOf(() => authDb.migrate())).toMatchObject({ code })
    expect(await contentsOf(parent)).toEqual(before)
    expect(process.exitCode).toBe(exitCode)
  })

  it.skipIf(process.getuid?.() === 0)('that may not be written is refused', async () => {
    await chmod(parent, 0o500)
    await using authDb = open(join(parent, 'data'))
    expect(await failureOf(() => authDb.ready())).toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  })

  it('inside something that is no folder is refused', async () => {
    await using authDb = open('/dev/null/data')
    expect(await failureOf(() => authDb.ready())).toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  })

  it('that becomes usable is used by the next call', async () => {
    const path = join(parent, 'data')
    await writeFile(path, 'in the way')
    await using authDb = open(path)
    expect(await failureOf(() => authDb.ready())).toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    await rm(path)
    await copyTemplate()
    await authDb.ready()
  })
})

describe('two openers of one folder', () => {
  it('in one process: the second is refused at once and works after the first has closed', async () => {
    const dataDir = await copyTemplate()
    const first = open(dataDir)
    await using second = open(`${dataDir}/`)
    await first.migrate()
    expect(await failureOf(() => second.ready())).toMatchObject({ code: 'DATABASE_IN_USE' })
    await first.close()
    expect(await namesIn(second)).toEqual([])
  })

  it(
    'in two processes: the same, and a kill frees the folder with all that was acknowledged',
    { tags: 'long' },
    async () => {
      const dataDir = await copyTemplate()
      const holder = startChild(`
      const { createAuthDatabase } = await import(${source('auth/index.ts')})
      const authDb = createAuthDatabase({ dataDir: ${JSON.stringify(dataDir)} })
      await authDb.migrate()
      await authDb.db.insert(authDb.schema.user).values(${JSON.stringify(ada)})
      process.send('inserted')`)
      expect(await holder.message()).toBe('inserted')
      await using authDb = open(dataDir)
      expect(await failureOf(() => authDb.ready())).toMatchObject({ code: 'DATABASE_IN_USE' })
      await holder.kill()
      expect(await namesIn(authDb)).toEqual(['Ada'])
    },
  )

  it('a process killed while it makes the database leaves nothing in the way', { tags: 'long' }, async () => {
    const dataDir = join(parent, 'data')
    const holder = startChild(`
      const { createAuthDatabase } = await import(${source('auth/index.ts')})
      await createAuthDatabase({ dataDir: ${JSON.stringify(dataDir)} }).ready()`)
    // The cluster is being written, and is not yet what the folder holds.
    await vi.waitFor(async () => expect(await readdir(`${dataDir}.new`)).not.toEqual([]), {
      timeout: 120_000,
      interval: 5,
    })
    await holder.kill()
    expect(await readdir(parent)).not.toContain('data')
    await using authDb = open(dataDir)
    await authDb.ready()
  })
})

describe('closing', () => {
  it.for(
    fewOf([
      ['before anything', async (_authDb: AuthDatabase) => Promise.resolve()],
      ['after use', (authDb: AuthDatabase) => authDb.ready()],
    ] as const),
  )('%s, twice, and every call after it is refused', async ([, use]) => {
    const authDb = open('memory://')
    await use(authDb)
    await Promise.all([authDb.close(), authDb.close()])
    await authDb.close()
    for (const call of [
      () => authDb.ready(),
      () => authDb.migrate(),
      () => authDb.rollback(),
      () => authDb.migrationStatus(),
      () => authDb.sql`select 1`,
      () => namesIn(authDb),
      () => authDb.db.transaction(() => Promise.resolve()),
      () => authDb.adapter({}).findOne({ model: 'user', where: [{ field: 'id', value: 'ada' }] }),
    ]) {
      expect(await failureOf(call)).toMatchObject({ code: 'CLOSED' })
    }
  })

  it('while it opens, and lets the folder go', { tags: 'long' }, async () => {
    const dataDir = join(parent, 'data')
    const authDb = open(dataDir)
    const opening = failureOf(() => authDb.ready())
    await authDb.close()
    expect(await opening).toMatchObject({ code: 'CLOSED' })
    await using next = open(dataDir)
    await next.ready()
  })

  it('during a transaction: it is kept whole or not at all', { tags: 'long' }, async () => {
    const dataDir = await copyTemplate()
    const authDb = open(dataDir)
    await authDb.migrate()
    let closing: Promise<void> | undefined
    const outcome = await authDb.db
      .transaction(async (tx) => {
        await tx.insert(authDb.schema.user).values(ada)
        closing = authDb.close()
        await tx.insert(authDb.schema.user).values({ id: 'bob', name: 'Bob', email: 'bob@example.com' })
        return ['Ada', 'Bob']
      })
      .catch((cause: unknown) => {
        expect(cause).toMatchObject({ code: 'CLOSED' })
        return []
      })
    await closing
    await using again = open(dataDir)
    expect(await namesIn(again)).toEqual(outcome)
  })

  it('lets the process end by itself', { tags: 'long' }, async () => {
    const dataDir = await copyTemplate()
    const child = startChild(`
      const { createAuthDatabase } = await import(${source('auth/index.ts')})
      const authDb = createAuthDatabase({ dataDir: ${JSON.stringify(dataDir)} })
      await authDb.migrate()
      console.log(JSON.stringify(await authDb.sql\`select 1 as one\`))
      await authDb.close()
      process.disconnect()`)
    expect(await child.ended()).toContain('[{"one":1}]')
  })
})

it('runs a query that comes while it migrates, after the migration or not at all', async () => {
  await using authDb = open('memory://')
  const migrating = authDb.migrate()
  const early = namesIn(authDb).catch((cause: unknown) => {
    expect(cause).toMatchObject({ code: 'SCHEMA_MISMATCH' })
    return []
  })
  expect(await early).toEqual([])
  expect(await migrating).not.toEqual([])
  expect(await namesIn(authDb)).toEqual([])
})

async function put(folder: string, name: string, content: string): Promise<void> {
  await mkdir(folder)
  await writeFile(join(folder, name), content)
}

/** Paths and contents of everything in a folder. */
async function contentsOf(folder: string): Promise<Record<string, string>> {
  const paths = execFileSync('find', [folder, '-type', 'f'], { encoding: 'utf8' }).split('\n').filter(Boolean).sort()
  return Object.fromEntries(
    await Promise.all(paths.map(async (path) => [relative(folder, path), await readFile(path, 'utf8')] as const)),
  )
}

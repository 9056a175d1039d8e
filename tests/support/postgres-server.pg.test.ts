/** The support code's own promises: a real server, fresh databases, and nothing left behind. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import postgres from 'postgres'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startPostgresServer } from './postgres-server.ts'
import { createTestDatabase, createTestDatabaseFrom } from './test-database.ts'

test('starts Postgres 18 that asks for a password', async () => {
  await using database = await createTestDatabase()
  const sql = postgres(database.url, { max: 1 })
  const [row] = await sql<{ server_version: string }[]>`show server_version`
  await sql.end()
  expect(row?.server_version).toMatch(/^18\./)

  const url = new URL(database.url)
  url.password = 'wrong'
  const stranger = postgres(url.href, { max: 1 })
  await expect(stranger`select 1`).rejects.toMatchObject({ code: '28P01' })
  await stranger.end()
})

test('copies a template and forgets a dropped database', async () => {
  await using template = await createTestDatabase()
  const sql = postgres(template.url, { max: 1 })
  await sql`create table note (title text)`
  await sql`insert into note values ('kept')`
  await sql.end()

  const copy = await createTestDatabaseFrom(template)
  const onCopy = postgres(copy.url, { max: 1, onclose: () => undefined })
  expect(await onCopy`select title from note`).toEqual([{ title: 'kept' }])

  await copy.drop()
  await expect(onCopy`select 1`).rejects.toThrow()
  await onCopy.end()
  const again = postgres(copy.url, { max: 1 })
  await expect(again`select 1`).rejects.toMatchObject({ code: '3D000' })
  await again.end()
})

test('stops and restarts a server of its own on the same port, data kept', { tags: 'long' }, async () => {
  await using server = await startPostgresServer()
  await using database = await createTestDatabase(server.url)
  const sql = postgres(database.url, { max: 1 })
  await sql`create table note (title text)`
  await sql.end()

  await server.stop('fast')
  expect(await accepts(server.port)).toBe(false)

  await server.restart()
  const later = postgres(database.url, { max: 1 })
  expect(await later`select * from note`).toEqual([])
  await later.end()
})

test('stops the server and deletes its folder when the test process is killed', { tags: 'long' }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'typyst-killed-'))
  // Whoever Postgres runs as has to pass through.
  await chmod(folder, 0o755)
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const server = fileURLToPath(new URL('postgres-server.ts', import.meta.url))
  const child = spawn(
    process.execPath,
    [
      ...['--import', 'tsx', '--input-type=module', '-e'],
      `const { startPostgresServer } = await import(${JSON.stringify(server)})
      const { port } = await startPostgresServer()
      process.send({ port })
      process.on('message', () => undefined)`,
    ],
    { env: { ...process.env, TMPDIR: folder }, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  )
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message: { port: number }) => resolve(message.port))
    child.once('exit', () => reject(new Error('The child ended before its server had started.')))
  })
  expect(await accepts(port)).toBe(true)
  const serverFolders = async (): Promise<string[]> =>
    (await readdir(folder)).filter((name) => name.startsWith('typyst-postgres-'))
  expect(await serverFolders()).toHaveLength(1)

  child.kill('SIGKILL')
  await vi.waitFor(async () => expect(await serverFolders()).toEqual([]), { timeout: 20_000 })
  expect(await accepts(port)).toBe(false)
})

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

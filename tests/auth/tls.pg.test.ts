/** Encrypted connections to a real server with certificates of its own: who is trusted, and what is said when nobody is. */
import { once } from 'node:events'
import { chmod, chown, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createAuthDatabase } from '../../src/auth/index.ts'
import type { AuthDatabase, AuthDatabaseOptions } from '../../src/auth/index.ts'
import { createAuthority } from '../support/certificates.ts'
import type { Certificate, CertificateAuthority } from '../support/certificates.ts'
import { freeze } from '../support/freeze-server.ts'
import { failureOf } from '../support/leaks.ts'
import { findOwner, startPostgresServer } from '../support/postgres-server.ts'
import type { PostgresServer } from '../support/postgres-server.ts'

let server: PostgresServer
let authority: CertificateAuthority
let admin: AuthDatabase
beforeAll(async () => {
  server = await startPostgresServer()
  authority = await createAuthority()
  admin = createAuthDatabase({ connectionString: server.url, maxConnections: 1 })
})
afterAll(async () => {
  await admin.close()
  await server[Symbol.asyncDispose]()
})

/** Gives the server a certificate, or none, and waits until new sessions get it. */
async function certify(certificate: Certificate | undefined): Promise<void> {
  if (certificate) {
    const [row] = await admin.sql`show data_directory`
    const owner = await findOwner()
    for (const [name, content] of [
      ['server.crt', certificate.certificate],
      ['server.key', certificate.key],
    ] as const) {
      const path = join(String(row?.['data_directory']), name)
      await writeFile(path, content)
      await chmod(path, 0o600)
      if (owner) await chown(path, owner.uid, owner.gid)
    }
  }
  await admin.sql.unsafe(`alter system set ssl = ${certificate ? 'on' : 'off'}`)
  // What the log says of a reload is the only sign that all of it is done; a restart needs none.
  await server.restart()
  await vi.waitFor(() => admin.ready(), { timeout: 20_000 })
}

/** The server by a name or an address, with what follows the `?`. */
function at(host: string, parameters = ''): string {
  const url = new URL(server.url)
  url.hostname = host
  return `${url.href}${parameters}`
}

async function isEncrypted(connectionString: string, options: AuthDatabaseOptions = {}): Promise<unknown> {
  await using authDb = createAuthDatabase({ connectionString, maxConnections: 1, ...options })
  const [row] = await authDb.sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`
  return row?.['ssl']
}

/** Why a connection fails; every way in says the same. */
async function refusal(connectionString: string, options: AuthDatabaseOptions = {}): Promise<string> {
  const authDb = createAuthDatabase({ connectionString, maxConnections: 1, ...options })
  onTestFinished(() => authDb.close())
  const failure = await failureOf(() => authDb.ready())
  expect(failure).toMatchObject({ code: 'CONNECTION_FAILED' })
  expect(await failureOf(() => authDb.migrate())).toMatchObject({ code: failure.code, message: failure.message })
  // A failed connection is no lost one: the pool tries again, as often as it is asked.
  expect(await failureOf(() => authDb.ready())).toMatchObject({ message: failure.message })
  return failure.message
}

const notTrusted = 'authority that is not known'
const otherName = 'another host name'

describe('a server with a certificate for its name and address', () => {
  beforeAll(async () => certify(await authority.issue(['localhost', '127.0.0.1'])))

  it('is trusted with the certificate of its authority, by name and by address, for all there is', async () => {
    const tls = { ca: authority.certificate }
    expect(await isEncrypted(at('localhost'), { tls })).toBe(true)
    expect(await isEncrypted(at('127.0.0.1'), { tls })).toBe(true)
    const others = [(await createAuthority()).certificate, authority.certificate]
    expect(await isEncrypted(at('localhost'), { tls: { ca: others } })).toBe(true)
    await using authDb = createAuthDatabase({ connectionString: at('localhost'), tls })
    expect(await authDb.migrate()).not.toEqual([])
    await authDb.db.transaction((tx) => tx.select().from(authDb.schema.user))
    expect(await authDb.sql`select repeat('x', 100000) as x from generate_series(1, 50)`).toHaveLength(50)
  })

  it('is not trusted without it, nor with that of another', async () => {
    expect(await refusal(at('localhost'), { tls: 'verify' })).toContain(notTrusted)
    const { certificate: ca } = await createAuthority()
    expect(await refusal(at('localhost'), { tls: { ca } })).toContain(notTrusted)
  })

  it.for([
    ['disable', false],
    ['no-verify', true],
    // Not asked to verify, and near enough to do without.
    ['allow', false],
    ['prefer', false],
  ] as const)('with sslmode=%s in the connection string: encrypted is %s', async ([mode, expected]) => {
    expect(await isEncrypted(at('localhost', `?sslmode=${mode}`))).toBe(expected)
  })

  it.for(['require', 'verify-ca', 'verify-full'])('is checked with sslmode=%s', async (mode) => {
    expect(await refusal(at('localhost', `?sslmode=${mode}`))).toContain(notTrusted)
    expect(await isEncrypted(at('localhost', `?sslmode=${mode}`), { tls: { ca: authority.certificate } })).toBe(true)
  })

  it('is given up when it freezes, as an unencrypted one is', async () => {
    const options = { tls: { ca: authority.certificate }, responseTimeoutMs: 500, closeTimeoutMs: 500 }
    await using authDb = createAuthDatabase({ connectionString: at('localhost'), maxConnections: 1, ...options })
    const [row] = await authDb.sql`select pg_backend_pid() as pid`
    using frozen = freeze([Number(row?.['pid'])])
    expect(await failureOf(() => authDb.sql`select 1`)).toMatchObject({ code: 'CONNECTION_FAILED' })
    await authDb.ready()
    frozen.thaw()
  })
})

describe('a server whose certificate is for another', () => {
  const tls = () => ({ ca: authority.certificate })

  it('name is refused, unless nothing is verified', async () => {
    await certify(await authority.issue(['elsewhere.example.com', '203.0.113.7']))
    expect(await refusal(at('localhost'), { tls: tls() })).toContain(otherName)
    expect(await refusal(at('127.0.0.1'), { tls: tls() })).toContain(otherName)
    expect(await isEncrypted(at('localhost'), { tls: 'no-verify' })).toBe(true)
  })

  it('address is refused, though it holds for the name "localhost"', async () => {
    await certify(await authority.issue(['localhost']))
    expect(await refusal(at('127.0.0.1'), { tls: tls() })).toContain(otherName)
    expect(await isEncrypted(at('localhost'), { tls: tls() })).toBe(true)
  })

  it('time is refused', async () => {
    await certify(await authority.issue(['localhost'], new Date(Date.now() - 60_000)))
    expect(await refusal(at('localhost'), { tls: tls() })).toContain('expired')
  })
})

describe('a server without TLS', () => {
  it('is refused where TLS is asked for', async () => {
    await certify(undefined)
    for (const options of [{ tls: 'verify' }, { tls: 'no-verify' }, { tls: { ca: authority.certificate } }] as const) {
      expect(await refusal(at('localhost'), options)).toContain('does not offer TLS')
    }
    expect(await isEncrypted(at('localhost'))).toBe(false)
  })

  it('cannot put anything between the offer of TLS and TLS itself, nor hang up there unnoticed', async () => {
    for (const [answer, expected] of [
      ['SE', 'does not offer TLS'],
      ['', 'cannot be reached'],
    ] as const) {
      const impostor = createServer((socket) => {
        socket.on('error', () => undefined).once('data', () => socket.end(answer))
      })
      impostor.listen(0, '127.0.0.1')
      await once(impostor, 'listening')
      onTestFinished(() => void impostor.close())
      const { port } = impostor.address() as AddressInfo
      expect(await refusal(`postgres://ada@localhost:${port}/notes`, { tls: 'no-verify' })).toContain(expected)
    }
  })
})

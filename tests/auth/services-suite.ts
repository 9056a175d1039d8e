/** Users, sessions, accounts and clean-up, next to a real Better Auth with the admin plugin, on whatever database. */
import { betterAuth } from 'better-auth'
import { admin } from 'better-auth/plugins'
import { eq } from 'drizzle-orm'
import { describe, expect, it, vi } from 'vitest'
import { defineAuthSchema } from '../../src/auth/index.ts'
import type { AuthDatabase } from '../../src/auth/index.ts'
import { createId } from '../../src/app/create-id.ts'
import { createAuthBrowser } from './auth-browser.ts'

const options = { plugins: [admin()] }
const schema = defineAuthSchema(options)
const { user, session, verification, account } = schema
type Database = AuthDatabase<typeof schema>

/** Opens an empty, migrated database with a schema. */
export type OpenWithSchema = <TSchema extends Record<string, unknown>>(
  schema: TSchema,
) => Promise<AuthDatabase<TSchema>>

const inAnHour = () => new Date(Date.now() + 3_600_000)
const anHourAgo = () => new Date(Date.now() - 3_600_000)

async function insertUsers(authDb: Database, names: readonly string[]): Promise<string[]> {
  const rows = names.map((name) => ({ id: createId(), name, email: `${name.toLowerCase()}@example.com` }))
  await authDb.db.insert(user).values(rows)
  return rows.map(({ id }) => id)
}

async function insertSessions(authDb: Database, userId: string, expiries: readonly Date[]): Promise<string[]> {
  const rows = expiries.map((expiresAt) => ({ id: createId(), token: createId(), userId, expiresAt }))
  await authDb.db.insert(session).values(rows)
  return rows.map(({ id }) => id)
}

/** Runs the suite. */
export function testServices(open: OpenWithSchema): void {
  describe('users', () => {
    it('are found by id and by address, whatever its case, with the columns of plugins', async () => {
      await using authDb = await open(schema)
      const [id = ''] = await insertUsers(authDb, ['Ada'])
      const ada = await authDb.users.find({ id })
      expect(ada).toMatchObject({ name: 'Ada', banned: false, banReason: null })
      expect(await authDb.users.find({ email: 'ADA@Example.com' })).toEqual(ada)
      expect(await authDb.users.find({ id: 'nobody' })).toBeUndefined()
      expect(await authDb.users.find({ email: '%' })).toBeUndefined()
    })

    it('are listed newest first, page by page, though they share their moment and others come and go', async () => {
      await using authDb = await open(schema)
      const names = Array.from({ length: 7 }, (_, number) => `U${number}`)
      // One statement: the database gives them one and the same time, in microseconds.
      const ids = await insertUsers(authDb, names)
      const wanted = ids.toSorted().toReversed()
      const seen: string[] = []
      let after: string | undefined
      do {
        const page = await authDb.users.list({ limit: 3, after })
        seen.push(...page.users.map(({ id }) => id))
        after = page.next
        if (seen.length === 3) {
          await insertUsers(authDb, ['Late'])
          await authDb.db.delete(user).where(eq(user.id, seen[2] ?? ''))
        }
      } while (after !== undefined)
      expect(seen).toEqual(wanted)
    })

    it('are searched by name and address as the text stands', async () => {
      await using authDb = await open(schema)
      await insertUsers(authDb, ['Ada', 'Bob', 'Per%cent', 'Under_score', 'Back\\slash'])
      const search = async (text: string) => (await authDb.users.list({ search: text })).users.map(({ name }) => name)
      expect(await search('ADA')).toEqual(['Ada'])
      expect(await search('bob@EXAMPLE')).toEqual(['Bob'])
      expect(await search('%')).toEqual(['Per%cent'])
      expect(await search('_')).toEqual(['Under_score'])
      expect(await search('\\')).toEqual(['Back\\slash'])
      expect(await search('')).toHaveLength(5)
      expect(await search("'; drop table session; --")).toEqual([])
    })

    it('refuse a limit out of range and an `after` that is none', async () => {
      await using authDb = await open(schema)
      for (const limit of [0, -1, 1.5, 1001]) {
        await expect(authDb.users.list({ limit })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' })
      }
      for (const after of ['', 'x', btoa('[1,2]'), btoa('["yesterday","x"]'), btoa('{"at":1}')]) {
        await expect(authDb.users.list({ after })).rejects.toMatchObject({ code: 'INVALID_INPUT' })
      }
    })

    it('that are banned are signed out at once and in no more, until the ban is lifted or over', async () => {
      await using authDb = await open(schema)
      const auth = betterAuth({
        ...options,
        baseURL: 'http://localhost:3000',
        secret: 'a secret for tests only, long and of some entropy: 7f3a9c',
        database: authDb.adapter,
        emailAndPassword: { enabled: true },
        logger: { disabled: true },
        telemetry: { enabled: false },
      })
      const ada = { name: 'Ada', email: 'ada@example.com', password: 'correct horse' }
      const browser = createAuthBrowser(auth.handler, 'http://localhost:3000')
      await browser.post('/sign-up/email', ada)
      const { id = '' } = (await authDb.users.find({ email: ada.email })) ?? {}
      const logger = { info: vi.fn() }
      expect(await authDb.users.ban(id, { reason: 'spam' }, { logger })).toBe(true)
      expect(logger.info.mock.calls).toEqual([[{ action: 'users.ban', count: 1 }, 'auth change']])
      expect(await browser.session()).toBeNull()
      expect((await browser.post('/sign-in/email', ada)).status).toBe(403)
      expect(await authDb.users.find({ id })).toMatchObject({ banned: true, banReason: 'spam', banExpires: null })
      expect(await authDb.users.unban(id)).toBe(true)
      expect((await browser.post('/sign-in/email', ada)).status).toBe(200)
      await authDb.users.ban(id, { expiresAt: anHourAgo() })
      expect((await browser.post('/sign-in/email', ada)).status).toBe(200)
      expect(await authDb.users.ban('nobody')).toBe(false)
    })

    it('cannot be banned without the columns for it, and the error says what to add', async () => {
      await using authDb = await open(defineAuthSchema({}))
      await expect(authDb.users.ban('ada')).rejects.toMatchObject({
        code: 'INVALID_OPTIONS',
        message: expect.stringContaining('admin()') as unknown,
      })
    })
  })

  describe('sessions', () => {
    it('of a user are those that have not expired', async () => {
      await using authDb = await open(schema)
      const [ada = '', bob = ''] = await insertUsers(authDb, ['Ada', 'Bob'])
      const [live] = await insertSessions(authDb, ada, [inAnHour(), anHourAgo()])
      await insertSessions(authDb, bob, [inAnHour()])
      expect((await authDb.sessions.active(ada)).map(({ id }) => id)).toEqual([live])
      expect(await authDb.sessions.active('nobody')).toEqual([])
    })

    it('end one by one, all but one, and all', async () => {
      await using authDb = await open(schema)
      const [ada = '', bob = ''] = await insertUsers(authDb, ['Ada', 'Bob'])
      const [first = '', second = ''] = await insertSessions(authDb, ada, [
        inAnHour(),
        inAnHour(),
        inAnHour(),
        inAnHour(),
      ])
      await insertSessions(authDb, bob, [inAnHour()])
      expect(await authDb.sessions.revoke(first)).toBe(true)
      expect(await authDb.sessions.revoke(first)).toBe(false)
      expect(await authDb.sessions.revokeAll(ada, { except: second })).toBe(2)
      expect((await authDb.sessions.active(ada)).map(({ id }) => id)).toEqual([second])
      expect(await authDb.sessions.revokeAll(ada)).toBe(1)
      expect(await authDb.sessions.active(bob)).toHaveLength(1)
    })

    it('stay when the transaction they ended in is rolled back', async () => {
      await using authDb = await open(schema)
      const [ada = ''] = await insertUsers(authDb, ['Ada'])
      await insertSessions(authDb, ada, [inAnHour(), anHourAgo()])
      await expect(
        authDb.db.transaction(async (tx) => {
          expect(await authDb.sessions.revokeAll(ada, {}, { tx })).toBe(2)
          expect(await authDb.sessions.active(ada, { tx })).toEqual([])
          expect(await authDb.users.ban(ada, {}, { tx })).toBe(true)
          throw new Error('no')
        }),
      ).rejects.toThrow('no')
      expect(await authDb.sessions.active(ada)).toHaveLength(1)
      expect(await authDb.users.find({ id: ada })).toMatchObject({ banned: false })
    })
  })

  it('accounts come without their secrets', async () => {
    await using authDb = await open(schema)
    const [ada = ''] = await insertUsers(authDb, ['Ada'])
    await authDb.db.insert(account).values([
      { id: 'a1', accountId: ada, providerId: 'credential', userId: ada, password: 'a hash' },
      { id: 'a2', accountId: '42', providerId: 'github', userId: ada, accessToken: 'token', scope: 'email' },
    ])
    const accounts = await authDb.accounts.ofUser(ada)
    expect(accounts).toMatchObject([
      { providerId: 'credential', hasPassword: true, scope: null },
      { providerId: 'github', hasPassword: false, scope: 'email' },
    ])
    expect(JSON.stringify(accounts)).not.toMatch(/a hash|token/)
  })

  describe('cleaning up', () => {
    const fill = async (authDb: Database) => {
      const [ada = ''] = await insertUsers(authDb, ['Ada'])
      const expiries = Array.from({ length: 7 }, anHourAgo)
      await insertSessions(authDb, ada, [...expiries, inAnHour()])
      await authDb.db
        .insert(verification)
        .values(
          [...expiries, inAnHour()].map((expiresAt) => ({ id: createId(), identifier: 'x', value: 'y', expiresAt })),
        )
    }

    it('deletes what has expired and nothing else, in batches', async () => {
      await using authDb = await open(schema)
      await fill(authDb)
      expect(await authDb.sessions.purgeExpired({ batchRows: 2, maxRows: 3 })).toBe(3)
      expect(await authDb.sessions.purgeExpired({ batchRows: 2 })).toBe(4)
      expect(await authDb.sessions.purgeExpired()).toBe(0)
      expect(await authDb.verifications.purgeExpired({ batchRows: 3 })).toBe(7)
      expect([await authDb.db.$count(session), await authDb.db.$count(verification)]).toEqual([1, 1])
      for (const bad of [{ batchRows: 0 }, { maxRows: -1 }, { batchRows: 0.5 }]) {
        await expect(authDb.sessions.purgeExpired(bad)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' })
      }
    })

    it('does both at once, as much as it was told to', async () => {
      await using authDb = await open(schema)
      await fill(authDb)
      const logger = { info: vi.fn() }
      expect(await authDb.cleanUp({ batchRows: 3, maxRows: 9, logger })).toEqual({
        sessions: 7,
        verifications: 2,
        isElsewhere: false,
      })
      expect(await authDb.cleanUp({ batchRows: 3, logger })).toEqual({
        sessions: 0,
        verifications: 5,
        isElsewhere: false,
      })
      expect(await authDb.cleanUp({ logger })).toEqual({ sessions: 0, verifications: 0, isElsewhere: false })
      expect(logger.info.mock.calls.map(([fields]) => fields as unknown)).toEqual([
        { action: 'cleanUp', count: 9 },
        { action: 'cleanUp', count: 5 },
      ])
    })

    it('runs again and again by itself, tells of failures, and ends with the database', async () => {
      const authDb = await open(schema)
      await fill(authDb)
      const onError = vi.fn()
      await authDb.db.transaction(async (tx) => tx.execute('alter table verification rename to elsewhere'))
      authDb.scheduleCleanUp({ everyMs: 10, onError })
      await vi.waitFor(() => expect(onError).toHaveBeenCalledWith(expect.objectContaining({ code: 'SCHEMA_MISMATCH' })))
      await authDb.db.execute('alter table elsewhere rename to verification')
      await vi.waitFor(async () => expect(await authDb.db.$count(verification)).toBe(1))
      const stopped = authDb.scheduleCleanUp({ everyMs: 1, onError })
      await stopped.stop()
      await authDb[Symbol.asyncDispose]()
      expect(() => authDb.scheduleCleanUp({ everyMs: 0 })).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }))
    })
  })
}

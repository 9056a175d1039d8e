/** What Better Auth's plugins do with their tables, over HTTP requests, on whatever database. */
import { betterAuth } from 'better-auth'
import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { defineAuthSchema } from '../../src/auth/index.ts'
import { createAuthBrowser } from './auth-browser.ts'
import { pluginOptions } from './plugin-options.ts'
import type { OpenWithSchema } from './services-suite.ts'

const schema = defineAuthSchema(pluginOptions)
const ada = { name: 'Ada', email: 'ada@example.com', password: 'correct horse' }

/** Runs the suite. */
export function testPlugins(open: OpenWithSchema): void {
  const start = async () => {
    const authDb = await open(schema)
    const auth = betterAuth({ ...pluginOptions, database: authDb.adapter })
    const visit = () => createAuthBrowser(auth.handler, pluginOptions.baseURL)
    const signUp = async (person = ada) => {
      const browser = visit()
      expect((await browser.post('/sign-up/email', person)).status).toBe(200)
      return browser
    }
    return { authDb, auth, visit, signUp, [Symbol.asyncDispose]: () => authDb[Symbol.asyncDispose]() }
  }

  describe('the plugin', () => {
    it('is complete: verifyAuthSchema has nothing to name', async () => {
      await using server = await start()
      await server.authDb.verifyAuthSchema(server.auth.options)
      expect(await server.authDb.migrationStatus()).toMatchObject({ pending: [] })
    })

    it('organization keeps organizations, members, teams, roles and invitations', async () => {
      await using server = await start()
      const { authDb, signUp } = server
      const browser = await signUp()
      const created = await browser.post('/organization/create', { name: 'Analysts', slug: 'analysts' })
      const { id } = (await created.json()) as { id: string }
      expect((await browser.post('/organization/create-team', { name: 'Night', organizationId: id })).status).toBe(200)
      await authDb.db
        .insert(schema.organizationRole)
        .values({ id: 'r1', organizationId: id, role: 'scribe', permission: '{"member":["create"]}' })
      const bob = { email: 'bob@example.com', role: 'member', organizationId: id }
      expect((await browser.post('/organization/invite-member', bob)).status).toBe(200)
      const found = await authDb.db.query.organization.findFirst({
        with: {
          members: { with: { user: true } },
          invitations: { with: { user: true } },
          teams: true,
          organizationRoles: true,
        },
      })
      expect(found).toMatchObject({
        slug: 'analysts',
        members: [{ role: 'owner', user: { email: ada.email } }],
        invitations: [{ email: bob.email, status: 'pending', user: { name: 'Ada' } }],
        organizationRoles: [{ role: 'scribe' }],
      })
      expect(found?.teams.map(({ name }) => name)).toContain('Night')
    })

    it('two-factor keeps its secret with the user', async () => {
      await using server = await start()
      const browser = await server.signUp()
      const enabled = await browser.post('/two-factor/enable', { password: ada.password })
      expect(enabled.status).toBe(200)
      const found = await server.authDb.db.query.user.findFirst({ with: { twoFactors: true } })
      expect(found).toMatchObject({ twoFactorEnabled: false, twoFactors: [{ userId: found?.id }] })
    })

    it('api-key makes keys that are verified and counted', async () => {
      await using server = await start()
      const { auth, authDb, signUp } = server
      const browser = await signUp()
      const made = await browser.post('/api-key/create', { name: 'cli' })
      const { key } = (await made.json()) as { key: string }
      expect(await auth.api.verifyApiKey({ body: { key } })).toMatchObject({ valid: true })
      expect(await auth.api.verifyApiKey({ body: { key: 'wrong' } })).toMatchObject({ valid: false })
      const [stored] = await authDb.db.select().from(schema.apikey)
      expect(stored).toMatchObject({ name: 'cli', requestCount: 1 })
      expect(stored?.key).not.toContain(key)
    })

    it('admin bans and unbans what the service sees', async () => {
      await using server = await start()
      const { authDb, signUp } = server
      const browser = await signUp()
      await authDb.db.update(schema.user).set({ role: 'admin' })
      const bob = { name: 'Bob', email: 'bob@example.com', password: 'battery staple' }
      const other = await signUp(bob)
      const { id = '' } = (await authDb.users.find({ email: bob.email })) ?? {}
      expect((await browser.post('/admin/ban-user', { userId: id, banReason: 'spam' })).status).toBe(200)
      expect(await other.session()).toBeNull()
      expect(await authDb.users.find({ id })).toMatchObject({ banned: true, banReason: 'spam' })
      await authDb.users.unban(id)
      expect((await other.post('/sign-in/email', bob)).status).toBe(200)
    })

    it('passkey keeps a challenge, and passkeys with the user', async () => {
      await using server = await start()
      const { authDb, signUp } = server
      const browser = await signUp()
      expect((await browser.get('/passkey/generate-register-options')).status).toBe(200)
      expect(await authDb.db.$count(schema.verification)).toBe(1)
      const { id = '' } = (await authDb.users.find({ email: ada.email })) ?? {}
      await authDb.db.insert(schema.passkey).values({
        id: 'p1',
        userId: id,
        publicKey: 'a key',
        credentialID: 'c1',
        counter: 0,
        deviceType: 'singleDevice',
        backedUp: false,
      })
      const listed: unknown = await (await browser.get('/passkey/list-user-passkeys')).json()
      expect(listed).toMatchObject([{ credentialID: 'c1', userId: id }])
    })

    it('anonymous makes a user, and links it to the one who signs up', async () => {
      await using server = await start()
      const { authDb, visit } = server
      const browser = visit()
      expect((await browser.post('/sign-in/anonymous', {})).status).toBe(200)
      const [nobody] = await authDb.db.select().from(schema.user)
      expect(nobody?.isAnonymous).toBe(true)
      await browser.post('/sign-up/email', ada)
      // Its plugin deletes the anonymous user when it has become somebody.
      expect((await authDb.users.list()).users).toMatchObject([{ email: ada.email, isAnonymous: false }])
    })

    it('jwt keeps the key it signs with, encrypted', async () => {
      await using server = await start()
      const browser = await server.signUp()
      expect((await browser.get('/token')).status).toBe(200)
      const [key] = await server.authDb.db.select().from(schema.jwks)
      expect(key?.privateKey).not.toContain('"kty"')
    })

    it('rate limit counts requests in the database', async () => {
      await using server = await start()
      const browser = server.visit()
      const request = () => browser.get('/ok')
      expect((await request()).status).toBe(200)
      expect((await request()).status).toBe(200)
      const counted = await server.authDb.db.select().from(schema.rateLimit)
      expect(counted).toEqual([expect.objectContaining({ count: 2 })])
    })

    it('tables lose a user with the user', async () => {
      await using server = await start()
      const { authDb, signUp } = server
      const browser = await signUp()
      await browser.post('/two-factor/enable', { password: ada.password })
      await browser.post('/organization/create', { name: 'Analysts', slug: 'analysts' })
      await authDb.db.delete(schema.user).where(eq(schema.user.email, ada.email))
      for (const table of [schema.session, schema.account, schema.twoFactor, schema.member]) {
        expect(await authDb.db.$count(table)).toBe(0)
      }
    })
  })

  it('a configuration the schema does not fit fails at its first use, naming what is missing', async () => {
    await using authDb = await open(defineAuthSchema({}))
    const auth = betterAuth({ ...pluginOptions, database: authDb.adapter })
    await expect(auth.api.signUpEmail({ body: ada })).rejects.toMatchObject({
      code: 'SCHEMA_MISMATCH',
      message: expect.stringContaining('organization') as unknown,
    })
    await expect(authDb.verifyAuthSchema(auth.options)).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH' })
  })
}

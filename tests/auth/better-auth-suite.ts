/** What a real `betterAuth()` does with our adapter, over HTTP requests, on whatever database it runs. */
import { betterAuth } from 'better-auth'
import { genericOAuth } from 'better-auth/plugins'
import { eq } from 'drizzle-orm'
import { OAuth2Server } from 'oauth2-mock-server'
import { describe, expect, it } from 'vitest'
import type { AuthDatabase } from '../../src/auth/index.ts'
import { createAuthBrowser } from './auth-browser.ts'

const ada = { name: 'Ada', email: 'ada@example.com', password: 'correct horse' }
const baseURL = 'http://localhost:3000'

/** Better Auth over a database, with sessions that are renewed on every read, and a provider where one is given. */
function createAuth(
  authDb: AuthDatabase,
  { issuerUrl, updateAge = 0 }: { issuerUrl?: string; updateAge?: number } = {},
) {
  return betterAuth({
    baseURL,
    secret: 'a secret for tests only, long and of some entropy: 7f3a9c',
    database: authDb.adapter,
    emailAndPassword: { enabled: true },
    session: { updateAge },
    rateLimit: { enabled: false },
    logger: { disabled: true },
    onAPIError: { onError: () => undefined },
    telemetry: { enabled: false },
    account: { encryptOAuthTokens: true, accountLinking: { enabled: true, trustedProviders: ['local'] } },
    plugins: issuerUrl
      ? [
          genericOAuth({
            config: [
              {
                providerId: 'local',
                clientId: 'client',
                clientSecret: 'secret',
                discoveryUrl: `${issuerUrl}/.well-known/openid-configuration`,
                scopes: ['openid', 'email', 'profile'],
              },
            ],
          }),
        ]
      : [],
  })
}

/** A real OpenID provider on this machine, which says that whoever comes is Ada. */
async function startProvider(): Promise<AsyncDisposable & { readonly url: string }> {
  const server = new OAuth2Server()
  await server.issuer.keys.generate('RS256')
  await server.start(0, '127.0.0.1')
  const claims = { sub: 'ada-at-provider', email: ada.email, email_verified: true, name: ada.name }
  server.service.on('beforeTokenSigning', (token: { payload: object }) => Object.assign(token.payload, claims))
  server.service.on('beforeUserinfo', (response: { body: object }) => Object.assign(response.body, claims))
  return { url: server.issuer.url ?? '', [Symbol.asyncDispose]: () => server.stop() }
}

/** Runs the suite; `open` gives each test a migrated, empty database, which tells `debug` of each statement. */
export function testBetterAuth(open: (debug?: (statement: string) => void) => Promise<AuthDatabase>): void {
  describe('Better Auth', () => {
    it('signs up, signs out, signs in and reads the session', async () => {
      await using authDb = await open()
      const browser = createAuthBrowser(createAuth(authDb).handler, baseURL)
      expect((await browser.post('/sign-up/email', ada)).status).toBe(200)
      expect(await browser.session()).toMatchObject({ user: { email: ada.email, emailVerified: false } })
      expect((await browser.post('/sign-out', {})).status).toBe(200)
      expect(await browser.session()).toBeNull()
      expect(await authDb.db.$count(authDb.schema.session)).toBe(0)
      expect((await browser.post('/sign-in/email', ada)).status).toBe(200)
      expect(await browser.session()).toMatchObject({ user: { name: 'Ada' } })
      const found = await authDb.db.query.user.findFirst({ with: { accounts: true, sessions: true } })
      expect(found).toMatchObject({ accounts: [{ providerId: 'credential' }], sessions: [{ userId: found?.id }] })
    })

    it('checks a session with one query', async () => {
      const statements: string[] = []
      await using authDb = await open((statement) => statements.push(statement))
      const browser = createAuthBrowser(createAuth(authDb, { updateAge: 86_400 }).handler, baseURL)
      await browser.post('/sign-up/email', ada)
      statements.length = 0
      expect(await browser.session()).toMatchObject({ user: { email: ada.email } })
      expect(statements).toEqual([expect.stringContaining('left join "user"')])
    })

    it('refuses a wrong password and leaves no session', async () => {
      await using authDb = await open()
      const { handler } = createAuth(authDb)
      await createAuthBrowser(handler, baseURL).post('/sign-up/email', ada)
      const stranger = createAuthBrowser(handler, baseURL)
      expect((await stranger.post('/sign-in/email', { ...ada, password: 'wrong horse' })).status).toBe(401)
      expect(await stranger.session()).toBeNull()
      expect(await authDb.db.$count(authDb.schema.session)).toBe(1)
    })

    it('renews a session that is read and forgets one that expired', async () => {
      await using authDb = await open()
      const { session } = authDb.schema
      const browser = createAuthBrowser(createAuth(authDb).handler, baseURL)
      await browser.post('/sign-up/email', ada)
      const soon = new Date(Date.now() + 60_000)
      await authDb.db.update(session).set({ expiresAt: soon })
      expect(await browser.session()).not.toBeNull()
      const [renewed] = await authDb.db.select().from(session)
      expect(renewed?.expiresAt.getTime()).toBeGreaterThan(soon.getTime())
      await authDb.db.update(session).set({ expiresAt: new Date(Date.now() - 1000) })
      expect(await browser.session()).toBeNull()
    })

    it('makes one user of two sign-ups with one e-mail, one after the other and at once', async () => {
      await using authDb = await open()
      const { handler } = createAuth(authDb)
      const signUp = (email: string) => createAuthBrowser(handler, baseURL).post('/sign-up/email', { ...ada, email })
      const raced = await Promise.all([signUp('race@example.com'), signUp('race@example.com')])
      expect(raced.filter(({ status }) => status === 200)).toHaveLength(1)
      expect((await signUp('race@example.com')).status).toBe(422)
      expect(await authDb.db.$count(authDb.schema.user)).toBe(1)
      expect(await authDb.db.$count(authDb.schema.account)).toBe(1)
    })

    it('leaves no user behind when the rest of a sign-up fails', async () => {
      await using authDb = await open()
      await authDb.sql.unsafe('alter table account add constraint nobody check (false)')
      const browser = createAuthBrowser(createAuth(authDb).handler, baseURL)
      expect((await browser.post('/sign-up/email', ada)).status).not.toBe(200)
      expect(await authDb.db.$count(authDb.schema.user)).toBe(0)
    })

    it('links an account at a provider to the user who signs in with the same e-mail', async () => {
      await using authDb = await open()
      await using provider = await startProvider()
      const { user, account } = authDb.schema
      const browser = createAuthBrowser(createAuth(authDb, { issuerUrl: provider.url }).handler, baseURL)
      await browser.post('/sign-up/email', ada)
      await authDb.db.update(user).set({ emailVerified: true })
      await browser.post('/sign-out', {})
      await browser.signInAt('local')
      expect(await browser.session()).toMatchObject({ user: { email: ada.email } })
      expect(await authDb.db.$count(user)).toBe(1)
      const accounts = await authDb.db.select().from(account).orderBy(account.providerId)
      expect(accounts.map(({ providerId }) => providerId)).toEqual(['credential', 'local'])
      const [atProvider] = await authDb.db.select().from(account).where(eq(account.providerId, 'local'))
      expect(atProvider).toMatchObject({ accountId: 'ada-at-provider', userId: accounts[0]?.userId })
      // The provider's access token is a JWT; what is stored is none.
      const { accessToken, refreshToken } = atProvider ?? {}
      for (const token of [accessToken, refreshToken]) expect(token ?? '').not.toMatch(/[.]|^[\w-]{8}-/)
      // The second time the account is found, not made.
      await browser.post('/sign-out', {})
      await browser.signInAt('local')
      expect(await authDb.db.$count(account)).toBe(2)
    })
  })
}

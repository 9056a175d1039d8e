/** One signed-in user posts what cannot be stored while others check their sessions: each gets their own. */
import { betterAuth } from 'better-auth'
import { beforeAll, afterAll, expect, it } from 'vitest'
import { createAuthDatabase } from '../../src/auth/index.ts'
import type { AuthDatabase } from '../../src/auth/index.ts'
import { createTestDatabase } from '../support/test-database.ts'
import type { TestDatabase } from '../support/test-database.ts'
import { createAuthBrowser } from './auth-browser.ts'

const baseURL = 'http://localhost:3000'
const password = 'correct horse battery'

let database: TestDatabase
let authDb: AuthDatabase
beforeAll(async () => {
  database = await createTestDatabase()
  authDb = createAuthDatabase({ connectionString: database.url, maxConnections: 2 })
  await authDb.migrate()
})
afterAll(async () => {
  await authDb.close()
  await database.drop()
})

/** What may be in a request, as JSON has it. */
const bombs: readonly unknown[] = [
  { toString: 1 },
  { toString: 1, valueOf: 1 },
  { toJSON: 1, toString: null },
  [{ toString: 1 }],
  [[], [1]],
  { length: 4_000_000_000, 0: 1 },
  { type: 17, value: { toString: 1 } },
  'half \ud800',
  'NUL \0',
]

it('mixes no sessions up, whatever one of the users posts', async () => {
  const auth = betterAuth({
    baseURL,
    secret: 'a secret for tests only, long and of some entropy: 7f3a9c',
    database: authDb.adapter,
    emailAndPassword: { enabled: true },
    rateLimit: { enabled: false },
    logger: { disabled: true },
    onAPIError: { onError: () => undefined },
    telemetry: { enabled: false },
  })
  const visit = async (name: string) => {
    const browser = createAuthBrowser(auth.handler, baseURL)
    const answer = await browser.post('/sign-up/email', { name, email: `${name}@example.com`, password })
    expect(answer.status).toBe(200)
    return { name, browser }
  }
  const [attacker, ...users] = await Promise.all(['mallory', 'ada', 'bob', 'carol', 'dave'].map(visit))
  let isOver = false
  const statuses = new Set<number>()
  const attack = async () => {
    for (let at = 0; !isOver; at += 1) {
      const answer = await attacker?.browser.post('/update-user', { name: bombs[at % bombs.length] })
      statuses.add(answer?.status ?? 0)
    }
  }
  const seen = new Set<string>()
  const check = async ({ name, browser }: (typeof users)[number]) => {
    for (let time = 0; time < 100; time += 1) {
      const session = (await browser.session()) as { user?: { name?: string } } | null
      seen.add(`${name} is ${String(session?.user?.name)}`)
    }
  }
  const attacks = Promise.all([attack(), attack(), attack()])
  await Promise.all(users.flatMap((user) => [check(user), check(user), check(user)]))
  isOver = true
  await attacks
  expect([...seen].sort()).toEqual(['ada is ada', 'bob is bob', 'carol is carol', 'dave is dave'])
  expect([...statuses].filter((status) => status < 400 || status > 599)).toEqual([])
  expect(await authDb.sql`select name from "user" order by name`).toEqual(
    ['ada', 'bob', 'carol', 'dave', 'mallory'].map((name) => ({ name })),
  )
})

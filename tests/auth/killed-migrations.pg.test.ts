/** Two servers migrate at once, and one of them dies after each of the messages that Postgres sends it. */
import postgres from 'postgres'
import { expect, it } from 'vitest'
import { createAuthDatabase, defineAuthSchema } from '../../src/auth/index.ts'
import { authMigrations } from '../../src/auth/migrations.generated.ts'
import { readCatalog } from '../support/catalog.ts'
import { startMessageProxy } from '../support/message-proxy.ts'
import { createTestDatabase } from '../support/test-database.ts'
import { pluginOptions } from './plugin-options.ts'
import { isLong } from '../support/rounds.ts'

/** At every how many messages a server dies. */
const killEvery = isLong ? 1 : 40

const schema = defineAuthSchema(pluginOptions)

/** How a database ended up. */
interface State {
  readonly catalog: readonly string[]
  readonly history: unknown
  readonly advisoryLocks: unknown
}

async function readState(url: string): Promise<State> {
  const sql = postgres(url, { max: 1 })
  try {
    return {
      catalog: await readCatalog({ query: async (text) => ({ rows: await sql.unsafe(text) }) }),
      history: [...(await sql`select name, hash from drizzle.__typyst_auth_migrations order by id`)],
      advisoryLocks: (
        await sql`select count(*)::int from pg_locks where locktype = 'advisory'
          and database = (select oid from pg_database where datname = current_database())`
      )[0]?.['count'],
    }
  } finally {
    await sql.end()
  }
}

/** What both servers said, how many messages the first one was sent, and what is left. */
interface Outcome {
  readonly first: readonly string[] | Error
  readonly second: readonly string[]
  readonly messages: number
  readonly state: State
}

/** Lets two servers migrate an empty database; the first one dies at a message, while the second one waits for it. */
async function migrateTwice(killedAt = Infinity): Promise<Outcome> {
  await using database = await createTestDatabase()
  await using proxy = await startMessageProxy(database.url)
  await using dying = createAuthDatabase({ connectionString: proxy.url, schema })
  await using other = createAuthDatabase({ connectionString: database.url, schema })
  let messages = 0
  let second: Promise<string[]> | undefined
  proxy.change((type, message) => {
    messages += 1
    if (messages === killedAt) return 'cut'
    // The first one has the lock: `t` is what Postgres answered to that question.
    if (type === 'D' && message.at(-1) === 't'.charCodeAt(0)) second ??= other.migrate()
    return [message]
  })
  const first = await dying.migrate().catch((cause: unknown) => cause as Error)
  const names = await (second ?? other.migrate())
  return { first, second: names, messages, state: await readState(database.url) }
}

it(
  'leaves one history and no half, whenever the first one dies',
  async () => {
    const whole = await migrateTwice()
    expect(whole.first).toContain(authMigrations[0]?.name)
    expect(whole.second).toEqual([])
    expect(whole.state).toMatchObject({
      history: authMigrations.map(({ name }) => ({ name })),
      advisoryLocks: 0,
    })
    let killed = 0
    for (let at = 1; at <= whole.messages; at += killEvery) {
      const { first, second, state } = await migrateTwice(at)
      expect(state, `killed at message ${String(at)}`).toEqual(whole.state)
      if (!(first instanceof Error)) continue
      killed += 1
      expect(first, `killed at message ${String(at)}`).toMatchObject({ code: expect.any(String) as string })
      expect(whole.first).toEqual(expect.arrayContaining([...second]))
    }
    expect(killed).toBeGreaterThan(whole.messages / killEvery / 2)
  },
  20 * 60_000,
)

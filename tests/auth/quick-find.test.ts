/** The quick `findFirst` finds what Drizzle's own finds, and leaves to that what it is not made for. */
import { and, desc, eq } from 'drizzle-orm'
import { expect, it } from 'vitest'
import { withQuickFind } from '../../src/auth/quick-find.ts'
import { authSchema } from '../../src/schema/auth.ts'
import { openAuthInMemory } from '../support/open-auth-database.ts'

const { user, session, account } = authSchema

it('gives the same as Drizzle, by a plain join and by one statement', async () => {
  const statements: string[] = []
  await using authDb = await openAuthInMemory(authSchema, (statement) => statements.push(statement))
  const { db } = authDb
  const quick = withQuickFind(db)
  await db.insert(user).values([
    { id: 'ada', name: 'Ada', email: 'ada@example.com', emailVerified: true, createdAt: new Date(1e12) },
    { id: 'bob', name: 'Bob', email: 'bob@example.com' },
  ])
  await db.insert(session).values([
    { id: 's', token: 'of-ada', userId: 'ada', expiresAt: new Date(2e12), ipAddress: '::1' },
    { id: 't', token: 'of-bob', userId: 'bob', expiresAt: new Date(2e12) },
  ])
  await db.insert(account).values({ id: 'a', accountId: 'x', providerId: 'local', userId: 'bob' })

  const quickly = [
    (with_: typeof db) => with_.query.session.findFirst({ where: eq(session.token, 'of-ada'), with: { user: true } }),
    (with_: typeof db) => with_.query.session.findFirst({ where: eq(session.token, 'of-bob'), with: { user: true } }),
    (with_: typeof db) => with_.query.session.findFirst({ where: eq(session.token, 'of-none'), with: { user: true } }),
    (with_: typeof db) => with_.query.session.findFirst({ where: eq(session.id, 't'), with: { user: true } }),
    (with_: typeof db) => with_.query.account.findFirst({ where: eq(account.userId, 'bob'), with: { user: true } }),
    (with_: typeof db) => with_.query.user.findFirst({ where: eq(user.emailVerified, true) }),
  ]
  const slowly = [
    (with_: typeof db) =>
      with_.query.user.findFirst({ where: eq(user.emailVerified, false), orderBy: desc(user.id), offset: 1 }),
    (with_: typeof db) => with_.query.user.findFirst({ where: eq(user.id, 'ada'), with: { sessions: true } }),
    (with_: typeof db) => with_.query.session.findFirst({ with: { user: true }, orderBy: session.id }),
    (with_: typeof db) =>
      with_.query.session.findFirst({ where: eq(session.token, 'of-ada'), with: { user: { columns: { id: true } } } }),
    (with_: typeof db) => with_.query.session.findFirst({ where: eq(session.token, 'of-ada'), columns: { id: true } }),
    (with_: typeof db) =>
      with_.query.session.findFirst({
        where: and(eq(session.id, 's'), eq(session.token, 'of-bob')),
        with: { user: true },
      }),
  ]
  const compare = async (find: (with_: typeof db) => PromiseLike<unknown>) => {
    const expected = await find(db)
    statements.length = 0
    expect(await find(quick)).toEqual(expected)
    expect(statements).toHaveLength(1)
    return statements[0]
  }
  for (const find of [...quickly, ...quickly]) expect(await compare(find)).not.toContain('lateral')
  for (const find of slowly) await compare(find)
})

it('asks for one row of those there may be', async () => {
  const statements: string[] = []
  await using authDb = await openAuthInMemory(authSchema, (statement) => statements.push(statement))
  const quick = withQuickFind(authDb.db)
  await authDb.db.insert(user).values(['ada', 'bob'].map((id) => ({ id, name: id, email: `${id}@example.com` })))

  statements.length = 0
  await quick.query.user.findFirst({ where: eq(user.emailVerified, false) })
  await quick.query.user.findFirst({ where: eq(user.id, 'ada') })
  await quick.query.user.findFirst({ where: eq(user.email, 'ada@example.com') })
  expect(statements.map((statement) => statement.includes(' limit '))).toEqual([true, false, false])
})

it('refuses a value that is none of its column, as Drizzle does', async () => {
  await using authDb = await openAuthInMemory(authSchema)
  const quick = withQuickFind(authDb.db)
  const late = new Date(Number.NaN)
  await expect(async () => quick.query.session.findFirst({ where: eq(session.expiresAt, late) })).rejects.toMatchObject(
    {
      code: 'INVALID_INPUT',
    },
  )
})

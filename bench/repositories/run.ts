/** What the repositories cost beside hand-written Drizzle on the same database: `npm run bench:repositories`. */
import { and, desc, eq, isNull, lt, or } from 'drizzle-orm'
import { createAppDatabase, createId } from '@typyst/db/app'
import { makeEntries } from '../browser/page/entries.ts'
import { median } from '../browser/median.ts'

/** Two ways to do one thing; each returns what it read, so that nothing is left out. */
interface Contest {
  readonly title: string
  readonly repository: () => Promise<unknown>
  readonly byHand: () => Promise<unknown>
}

const rounds = 400
const warmUps = 100
const size = Number(process.argv[2] ?? 10_000)

await using app = createAppDatabase({ dataDir: 'memory://' })
const { db, schema, entries } = app
const { collection, entry } = schema
const { id: collectionId } = await app.collections.create({ name: 'Bench' })
const { id: otherId } = await app.collections.create({ name: 'Other' })
for (let from = 0; from < size; from += 1_000) {
  await db
    .insert(entry)
    .values(makeEntries(from, Math.min(size, from + 1_000)).map((made) => ({ ...made, collectionId })))
}
await db.execute('analyze')
const ids = (await db.select({ id: entry.id }).from(entry)).map(({ id }) => id)
const anyId = () => ids[Math.floor(Math.random() * ids.length)] ?? ''
const listed = {
  id: entry.id,
  title: entry.title,
  collectionId: entry.collectionId,
  userId: entry.userId,
  createdAt: entry.createdAt,
  updatedAt: entry.updatedAt,
  deletedAt: entry.deletedAt,
}
const first = await entries.list({ collectionId })
const last = first.rows.at(-1)
const isListed = and(eq(entry.collectionId, collectionId), isNull(entry.deletedAt))
const afterLast =
  last && or(lt(entry.createdAt, last.createdAt), and(eq(entry.createdAt, last.createdAt), lt(entry.id, last.id)))
const newest = [desc(entry.createdAt), desc(entry.id)]
const content = '# Soup\n'.repeat(70)

const contests: readonly Contest[] = [
  {
    title: 'one entry by its key',
    repository: () => entries.get(anyId()),
    byHand: () =>
      db
        .select()
        .from(entry)
        .where(and(eq(entry.id, anyId()), isNull(entry.deletedAt))),
  },
  {
    title: 'first page of 50',
    repository: () => entries.list({ collectionId }),
    byHand: () =>
      db
        .select(listed)
        .from(entry)
        .where(isListed)
        .orderBy(...newest)
        .limit(51),
  },
  {
    title: 'next page of 50',
    repository: () => entries.list({ collectionId, cursor: first.nextCursor }),
    byHand: () =>
      db
        .select(listed)
        .from(entry)
        .where(and(isListed, afterLast))
        .orderBy(...newest)
        .limit(51),
  },
  {
    title: 'create',
    repository: () => entries.create({ title: 'Soup', content, collectionId: otherId }),
    byHand: () =>
      db.insert(entry).values({ id: createId(), title: 'Soup', content, collectionId: otherId }).returning(),
  },
  {
    title: 'update',
    repository: () => entries.update(anyId(), { content }),
    byHand: () =>
      db
        .update(entry)
        .set({ content })
        .where(and(eq(entry.id, anyId()), isNull(entry.deletedAt)))
        .returning(),
  },
  {
    title: 'count of a collection',
    repository: () => entries.count({ collectionId }),
    byHand: () => db.$count(entry, isListed),
  },
  {
    title: 'collections',
    repository: () => app.collections.list(),
    byHand: () =>
      db
        .select()
        .from(collection)
        .where(isNull(collection.deletedAt))
        .orderBy(desc(collection.createdAt), desc(collection.id))
        .limit(51),
  },
]

console.log(`${size} entries in memory, medians of ${rounds} in turns, Node ${process.version}\n`)
console.log('| | repository | hand-written Drizzle | ratio |\n| --- | --- | --- | --- |')
for (const { title, repository, byHand } of contests) {
  const times = { repository: [] as number[], byHand: [] as number[] }
  for (let round = 0; round < rounds + warmUps; round += 1) {
    // Who comes second finds the caches warm.
    const order = round % 2 === 0 ? (['repository', 'byHand'] as const) : (['byHand', 'repository'] as const)
    for (const name of order) {
      const start = performance.now()
      await { repository, byHand }[name]()
      if (round >= warmUps) times[name].push(performance.now() - start)
    }
  }
  const [ours, theirs] = [median(times.repository), median(times.byHand)]
  console.log(`| ${title} | ${ours.toFixed(3)} ms | ${theirs.toFixed(3)} ms | ${(ours / theirs).toFixed(2)} × |`)
}

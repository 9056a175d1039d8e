/** `app.live`: when a query runs again, and what its store shows. */
import { asc, count, eq, sql } from 'drizzle-orm'
import { integer, pgTable, pgView, text } from 'drizzle-orm/pg-core'
import fc from 'fast-check'
import { beforeEach, describe, expect, expectTypeOf, it, onTestFinished, vi } from 'vitest'
import type { AppDatabase } from '../../../src/app/create-app-database.ts'
import type { LiveQuery, LiveSnapshot } from '../../../src/app/live/live-query.ts'
import { appSchema } from '../../../src/schema/app.ts'
import type { Collection, Entry } from '../../../src/schema/app.ts'
import { createTestAppDatabase } from '../../../src/testing/index.ts'
import { useAppDatabase } from '../data/open-app.ts'

const { collection, entry } = appSchema

describe('a live query', () => {
  const statements: string[] = []
  const theApp = useAppDatabase({ debug: (statement) => statements.push(statement) })
  let app: AppDatabase
  beforeEach(async () => {
    app = theApp()
    statements.length = 0
    await app.db.insert(collection).values([
      { id: 'c', name: 'C' },
      { id: 'd', name: 'D' },
    ])
    await app.db.insert(entry).values([
      { id: '1', title: 'one', collectionId: 'c' },
      { id: '2', title: 'two', collectionId: 'd' },
    ])
  })

  const titles = () => app.db.select({ title: entry.title }).from(entry).orderBy(asc(entry.id))

  it('shows what the query gives, with its types, and follows each way of writing', async () => {
    const query = app.db.query.entry.findMany({ with: { collection: true }, orderBy: asc(entry.id) })
    using live = app.live(query)
    expectTypeOf(live).toEqualTypeOf<LiveQuery<Awaited<typeof query>>>()
    expectTypeOf<Awaited<typeof query>>().toExtend<(Entry & { collection: Collection })[]>()
    const { until, upToDate } = follow(live)
    expect(live.getSnapshot()).toEqual({ status: 'pending' })
    const isLike = () => upToDate(() => query)
    await isLike()
    expect((await until(([first]) => first !== undefined))[0]?.createdAt).toBeInstanceOf(Date)
    await app.db.update(entry).set({ title: 'uno' }).where(eq(entry.id, '1'))
    await until(([first]) => first?.title === 'uno')
    await app.pgClient.exec(`update collection set name = 'changed' where id = 'd'`)
    await until(([, second]) => second?.collection.name === 'changed')
    await app.db.transaction(async (tx) => {
      await tx.delete(collection).where(eq(collection.id, 'd'))
      await tx.insert(entry).values({ id: '3', title: 'three', collectionId: 'c' })
    })
    await until((rows) => rows.map(({ id }) => id).join() === '1,3')
    await isLike()
    await app.pgClient.exec('truncate entry cascade')
    await until((rows) => rows.length === 0)
  })

  it.each([
    [
      'a join',
      () =>
        app.db
          .select({ name: collection.name })
          .from(entry)
          .innerJoin(collection, eq(entry.collectionId, collection.id)),
    ],
    [
      'a subquery',
      () =>
        app.db
          .select({ id: collection.id, n: app.db.$count(entry, eq(entry.collectionId, collection.id)) })
          .from(collection),
    ],
    [
      'a common table expression',
      () => {
        const counted = app.db.$with('counted').as(app.db.select({ n: count().as('n') }).from(entry))
        return app.db.with(counted).select().from(counted)
      },
    ],
    [
      'a union',
      () =>
        app.db
          .select({ x: entry.title })
          .from(entry)
          .union(app.db.select({ x: collection.name }).from(collection)),
    ],
    ['a parameter', () => app.db.select().from(entry).where(eq(entry.title, 'three'))],
    ['a view of a view', () => app.db.select().from(pgView('seen', { n: integer('n') }).existing())],
  ])('notices changes behind %s', async (_what, query) => {
    await app.pgClient.exec(
      `create or replace view inner_seen as select * from entry; create or replace view seen as select count(*)::int as n from inner_seen`,
    )
    const live = app.live<unknown[]>(query())
    const { snapshots, until, upToDate } = follow(live)
    await until(() => true)
    await app.db.insert(entry).values({ id: '3', title: 'three', collectionId: 'c' })
    await app.db.update(collection).set({ name: 'E' }).where(eq(collection.id, 'c'))
    await upToDate(query)
    expect(snapshots.length).toBeGreaterThan(2)
    live.dispose()
  })

  it('rests while other tables change', async () => {
    using live = app.live(titles())
    const { until } = follow(live)
    await until((rows) => rows.length === 2)
    const ran = () => statements.filter((statement) => statement.startsWith('select "title"')).length
    const before = ran()
    for (const name of ['x', 'y', 'z']) await app.db.update(collection).set({ name })
    await app.db.insert(entry).values({ id: '3', title: 'three', collectionId: 'c' })
    await until((rows) => rows.length === 3)
    expect(ran()).toBe(before + 1)
  })

  it('follows the tables, partitions included, that an app brings', async () => {
    await app.pgClient.exec(`
      create table tag (id text, size integer not null) partition by list (size);
      create table tag_small partition of tag for values in (1);
      create table tag_large partition of tag default;`)
    const tag = pgTable('tag', { id: text('id'), size: integer('size').notNull() })
    using live = app.live(app.db.select().from(tag))
    const { until } = follow(live)
    await until((rows) => rows.length === 0)
    await app.db.insert(tag).values({ id: 'a', size: 1 })
    await until((rows) => rows.length === 1)
    await app.pgClient.exec(`insert into tag_large values ('b', 7)`)
    await until((rows) => rows.length === 2)
  })

  it('keeps the objects of rows that did not change, and its snapshot when none did', async () => {
    using live = app.live(app.db.select().from(entry).orderBy(asc(entry.title)))
    const { snapshots, until } = follow(live)
    const before = await until((rows) => rows.length === 2)
    await app.db.insert(entry).values({ id: '0', title: 'a first one', collectionId: 'c' })
    const after = await until((rows) => rows.length === 3)
    expect(after[1]).toBe(before[0])
    expect(after[2]).toBe(before[1])
    const published = snapshots.length
    await app.db
      .update(entry)
      .set({ title: sql`title` })
      .where(eq(entry.id, 'nobody'))
    live.refresh()
    await app.db.update(entry).set({ title: 'zero' }).where(eq(entry.id, '0'))
    await until((rows) => rows.some(({ title }) => title === 'zero'))
    expect(snapshots.length).toBe(published + 1)
  })

  it('runs a few times for a burst of writes', async () => {
    using live = app.live(titles())
    const { until } = follow(live)
    await until((rows) => rows.length === 2)
    statements.length = 0
    const ids = Array.from({ length: 200 }, (_, at) => `burst-${at}`)
    await Promise.all(ids.map((id) => app.db.insert(entry).values({ id, title: id, collectionId: 'c' })))
    await until((rows) => rows.length === 202)
    expect(statements.filter((statement) => statement.startsWith('select')).length).toBeLessThan(50)
  })

  it('never shows half of a transaction', async () => {
    const sizes = pgTable('size', { id: text('id').primaryKey(), size: integer('size').notNull() })
    await app.pgClient.exec(`create table size (id text primary key, size integer not null);
      insert into size select i::text, 10 from generate_series(1, 5) i`)
    using live = app.live(app.db.select().from(sizes))
    const { snapshots, until } = follow(live)
    await until(() => true)
    const place = fc.integer({ min: 1, max: 5 }).map(String)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(place, place), { maxLength: 10 }), async (moves) => {
        for (const [from, to] of moves) {
          await app.db.transaction(async (tx) => {
            await tx
              .update(sizes)
              .set({ size: sql`${sizes.size} - 1` })
              .where(eq(sizes.id, from))
            await tx
              .update(sizes)
              .set({ size: sql`${sizes.size} + 1` })
              .where(eq(sizes.id, to))
          })
        }
      }),
      { numRuns: 12 },
    )
    await vi.waitFor(async () => expect(live.getSnapshot().data).toEqual(await app.db.select().from(sizes)))
    const sums = snapshots.map(({ data }) => data?.reduce((sum, { size }) => sum + size, 0))
    expect(new Set(sums)).toEqual(new Set([undefined, 50]))
  })

  it('tells why it fails, keeps what it showed, and recovers', async () => {
    using live = app.live(titles())
    const { until, snapshots } = follow(live)
    await until((rows) => rows.length === 2)
    await app.pgClient.exec('alter table entry rename column title to heading; update entry set heading = heading')
    await vi.waitFor(() =>
      expect(live.getSnapshot()).toMatchObject({ status: 'failed', error: { code: 'SCHEMA_MISMATCH' } }),
    )
    expect(snapshots.at(-1)?.data).toHaveLength(2)
    await app.pgClient.exec('alter table entry rename column heading to title')
    live.refresh()
    await until((rows) => rows.length === 2)
  })

  describe('whose tables change behind its back', () => {
    const things = pgTable('thing', { n: integer('n') })
    const query = () =>
      app.db
        .select({ n: sql<number>`${things.n}` })
        .from(things)
        .orderBy(things.n)
    /** Makes everything anew for a test. */
    const start = async (setUp: string) => {
      await app.pgClient.exec(`
        drop schema if exists things cascade; create schema things; set search_path to things, public; ${setUp}`)
      const live = app.live(query())
      const { until, upToDate, stop } = follow(live)
      onTestFinished(async () => {
        stop()
        await app.pgClient.exec('drop schema things cascade; reset search_path')
      })
      const shows = (...rows: number[]) => until((found) => found.map(({ n }) => n).join() === rows.join())
      return { shows, upToDate, exec: (text: string) => app.pgClient.exec(text) }
    }

    it('notices a table that was dropped and made again', async () => {
      const { shows, exec } = await start('create table thing (n int); insert into thing values (1)')
      await shows(1)
      await exec('drop table thing; create table thing (n int)')
      await shows()
      await exec('insert into thing values (2)')
      await shows(2)
      await app.pgClient.transaction(async (tx) => {
        await tx.exec('drop table thing; create table thing (n int); insert into thing values (3)')
      })
      await shows(3)
      await exec('insert into thing values (4)')
      await shows(3, 4)
    })

    it('notices a table that another one takes the place of', async () => {
      const { shows, exec } = await start('create table thing (n int); create table next (n int)')
      await shows()
      await exec('insert into next values (1); alter table thing rename to old; alter table next rename to thing')
      await shows(1)
      await exec('insert into thing values (2)')
      await shows(1, 2)
    })

    it('notices a view that reads another table, and one that hides a table', async () => {
      const { shows, exec } = await start(`
        create table a (n int); create table b (n int); insert into a values (1); create view thing as select n from a`)
      await shows(1)
      await exec('create or replace view thing as select n from b')
      await shows()
      await exec('insert into b values (2)')
      await shows(2)
      await exec('create temporary table thing (n int)')
      await shows()
      await exec('insert into pg_temp.thing values (7)')
      await shows(7)
      await exec('drop table pg_temp.thing')
      await shows(2)
    })

    it('notices new partitions, and writes that name any of them', async () => {
      const { shows, exec } = await start(`
        create table thing (n int) partition by range (n)`)
      await shows()
      await exec(`create table low partition of thing for values from (0) to (10) partition by list (n)`)
      await exec('create table one partition of low for values in (1); insert into thing values (1)')
      await shows(1)
      await exec('create table two partition of low for values in (2); insert into low values (2)')
      await shows(1, 2)
      await exec('create table high (n int); insert into high values (10)')
      await exec('alter table thing attach partition high for values from (10) to (20)')
      await shows(1, 2, 10)
      await exec('insert into high values (11)')
      await shows(1, 2, 10, 11)
      await exec('alter table thing detach partition low')
      await shows(10, 11)
      await exec('truncate high')
      await shows()
    })

    it('notices inherited children, and what a write to the parent does to a child', async () => {
      const { shows, exec } = await start('create table parent (n int); create table thing () inherits (parent)')
      await shows()
      await exec('insert into thing values (1); update parent set n = 2')
      await shows(2)
      await exec('create table grandchild () inherits (thing); insert into grandchild values (3)')
      await shows(2, 3)
      await exec('delete from parent where n = 2')
      await shows(3)
    })

    it.each([
      [
        'plpgsql',
        'create function read_a() returns setof int language plpgsql as $$ begin return query select a.n from a; end $$',
      ],
      [
        'SQL that is volatile',
        'create function read_a() returns setof int language sql volatile as $$ select n from a limit 10 $$',
      ],
      [
        'SQL that is run as its owner',
        'create function read_a() returns setof int language sql security definer as $$ select n from a $$',
      ],
    ])('notices what functions read, in %s', async (_what, create) => {
      const { shows, exec } = await start(
        `create table a (n int); ${create}; create view thing as select r as n from read_a() r`,
      )
      await shows()
      await exec('insert into a values (1)')
      await shows(1)
      await exec(
        'create table late (n int); create or replace function read_a() returns setof int language plpgsql as $$ begin return query select n from late; end $$',
      )
      await shows()
      await exec('insert into late values (5)')
      await shows(5)
    })

    it('notices what the function of an aggregate reads, and what is read by its text', async () => {
      const { shows, exec } = await start(`
        create table a (n int); insert into a values (1);
        create function plus_a(int, int) returns int language plpgsql as $$ begin return $1 + $2 + (select sum(n) from a); end $$;
        create aggregate sum_a(int) (sfunc = plus_a, stype = int, initcond = 0);
        create table words (word tsvector);
        create view thing as select sum_a(v) as n from (values (1)) t(v)
          union all select count(*)::int + 100 from ts_stat('select word from words')`)
      await shows(2, 100)
      await exec('insert into a values (10)')
      await shows(12, 100)
      await exec("insert into words values ('one two'::tsvector)")
      await shows(12, 102)
    })

    it('notices what functions read within an expression or an operator', async () => {
      const { shows, exec } = await start(`
        create table a (n int); insert into a values (1);
        create function "Count A"(int) returns int language plpgsql as $$ begin return (select count(*) from a) * $1; end $$;
        create function plus_a(int, int) returns int language plpgsql as $$ begin return $1 + $2 + (select sum(n) from a); end $$;
        create operator @+ (leftarg = int, rightarg = int, function = plus_a);
        create view thing as select "Count A"(2) as n union all select 1 @+ 1`)
      await shows(2, 3)
      await exec('insert into a values (10)')
      await shows(4, 13)
    })

    it('notices a materialized view that was refreshed', async () => {
      const { shows, exec } = await start('create table a (n int); create materialized view thing as select n from a')
      await shows()
      await exec('insert into a values (1); refresh materialized view thing')
      await shows(1)
    })

    it('notices what rules, triggers and cascades write', async () => {
      const { shows, exec } = await start(`
        create table thing (n int primary key); create table other (n int);
        create rule too as on insert to other do also insert into thing values (new.n);
        create table top (n int primary key); alter table thing add foreign key (n) references top on delete cascade on update cascade;
        insert into top values (1), (2), (3);
        create table source (n int);
        create function copy() returns trigger language plpgsql as $$ begin insert into thing values (new.n); return new; end $$;
        create trigger copy before insert on source for each row execute function copy()`)
      await shows()
      await exec('insert into other values (1)')
      await shows(1)
      await exec('insert into source values (2)')
      await shows(1, 2)
      await exec('delete from top where n = 1')
      await shows(2)
      await exec('update top set n = 9 where n = 2')
      await shows(9)
    })
  })

  it('refuses a query that writes', async () => {
    using live = app.live(app.db.update(entry).set({ title: 'lost' }).returning())
    follow(live)
    await vi.waitFor(() => expect(live.getSnapshot()).toMatchObject({ error: { code: 'INVALID_OPTIONS' } }))
    expect(await titles()).toEqual([{ title: 'one' }, { title: 'two' }])
  })

  it('gives each newer result to an iteration, which ends when it is disposed of', async () => {
    const live = app.live(titles())
    const seen: number[] = []
    for await (const rows of live) {
      seen.push(rows.length)
      if (rows.length === 4) live.dispose()
      else await app.db.insert(entry).values({ id: `new-${rows.length}`, title: 'new', collectionId: 'c' })
    }
    expect(seen).toEqual([2, 3, 4])
    for await (const rows of live) expect(rows).toBe('never')
  })

  it('does nothing without subscribers', async () => {
    const live = app.live(titles())
    using other = app.live(app.db.select({ id: entry.id }).from(entry))
    const ran = () => statements.filter((statement) => statement.startsWith('select "title"')).length
    const add = async (id: string) => {
      await app.db.insert(entry).values({ id, title: 'new', collectionId: 'c' })
      await everybody.until((rows) => rows.some((row) => row.id === id))
    }
    const everybody = follow(other)
    await add('3')
    expect([live.getSnapshot().status, ran()]).toEqual(['pending', 0])
    const { stop, until } = follow(live)
    await until((rows) => rows.length === 3)
    stop()
    await add('4')
    await add('5')
    expect(ran()).toBe(1)
    follow(live)
    await until((rows) => rows.length === 5)
  })

  it('fails with CLOSED when the database is closed', async () => {
    const closed = await createTestAppDatabase()
    using live = closed.live(closed.db.select().from(entry))
    await closed.close()
    follow(live)
    await vi.waitFor(() => expect(live.getSnapshot()).toMatchObject({ status: 'failed', error: { code: 'CLOSED' } }))
  })
})

/** Subscribes and notes every snapshot. */
function follow<T>(live: LiveQuery<T>) {
  const snapshots: LiveSnapshot<T>[] = []
  const stop = live.subscribe((snapshot) => snapshots.push(snapshot))
  /** Waits for a result that fits. */
  const until = (fits: (data: T) => boolean): Promise<T> =>
    vi.waitFor(
      () => {
        const snapshot = live.getSnapshot()
        if (snapshot.status !== 'ready' || !fits(snapshot.data)) throw new Error(`Still ${JSON.stringify(snapshot)}`)
        return snapshot.data
      },
      { timeout: 20_000, interval: 5 },
    )
  /** Waits until it shows what a query gives now. */
  const upToDate = (query: () => PromiseLike<unknown>) =>
    vi.waitFor(async () => expect(live.getSnapshot().data).toEqual(await query()), { timeout: 20_000, interval: 5 })
  return { snapshots, stop, until, upToDate }
}

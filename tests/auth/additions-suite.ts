/** What `migrate()` adds for plugins, extra fields, other names and other kinds of keys, on whatever database. */
import { getTableColumns, getTableName, is, sql } from 'drizzle-orm'
import type { SQL } from 'drizzle-orm'
import {
  PgTable,
  bigint,
  bigserial,
  boolean,
  check,
  foreignKey,
  getTableConfig,
  index,
  integer,
  jsonb,
  numeric,
  pgEnum,
  pgMaterializedView,
  pgPolicy,
  pgSchema,
  pgSequence,
  pgTable,
  pgView,
  primaryKey,
  text,
  timestamp,
  unique,
  uniqueIndex,
  varchar,
} from 'drizzle-orm/pg-core'
import { generateDrizzleJson, generateMigration } from 'drizzle-kit/api'
import type { BetterAuthOptions } from 'better-auth'
import { describe, expect, it } from 'vitest'
import { migrateAuth, readAuthMigrationStatus } from '../../src/auth/migrate-auth.ts'
import { authMigrations } from '../../src/auth/migrations.generated.ts'
import { planAdditions } from '../../src/auth/schema/additions.ts'
import { applyAdditions } from '../../src/auth/schema/apply-additions.ts'
import { defineAuthSchema } from '../../src/auth/schema/define-auth-schema.ts'
import { assertDatabaseFits, assertSchemaFits } from '../../src/auth/schema/verify-auth-schema.ts'
import type { SqlConnection } from '../../src/internal/sql-connection.ts'
import { authSchema } from '../../src/schema/auth.ts'
import { readCatalog } from '../support/catalog.ts'
import { failureOf } from '../support/leaks.ts'
import type { OpenEmpty } from '../support/opened-connection.ts'
import { pluginColumns, pluginOptions } from './plugin-options.ts'

const names = authMigrations.map(({ name }) => name)
const schema = defineAuthSchema(pluginOptions)
const tables = Object.values(schema).filter((value) => is(value, PgTable))
const pluginTables = tables.map(getTableName).filter((name) => !(name in authSchema))

const configurations: Record<string, BetterAuthOptions> = {
  'every plugin': pluginOptions,
  'no plugin': {},
  'other names': { user: { modelName: 'people', fields: { email: 'emailAddress' } }, session: { modelName: 'visits' } },
  'keys that count': { advanced: { database: { generateId: 'serial' } }, plugins: pluginOptions.plugins },
  'keys that are UUIDs': { advanced: { database: { generateId: 'uuid' } }, plugins: pluginOptions.plugins },
  'fields of every type': {
    user: {
      additionalFields: {
        tags: { type: 'string[]', defaultValue: ['new', 'guest'] },
        scores: { type: 'number[]', required: false },
        settings: { type: 'json', defaultValue: { theme: 'dark' } },
        visits: { type: 'number', bigint: true, defaultValue: 0 },
        code: { type: 'string', unique: true, required: false },
        managerId: {
          type: 'string',
          required: false,
          index: true,
          references: { model: 'user', field: 'id', onDelete: 'set null' },
        },
      },
    },
  },
}

const mood = pgEnum('mood', ['sad', "it's fine", 'happy'])

/** Tables that somebody adds to those of Better Auth's options, with what Drizzle can say of them. */
const ownTables: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'partial, unique and descending indexes': {
    thing: pgTable('thing', { id: text().primaryKey(), name: text(), at: timestamp(), size: integer() }, (self) => [
      uniqueIndex('thing_name')
        .on(self.name)
        .where(sql`${self.size} is null and name <> 'none'`),
      index('thing_at').on(self.at.desc().nullsFirst(), self.size.asc().nullsFirst(), self.name.desc()),
      index().on(self.size, self.name),
      index('thing_hash').using('hash', self.name),
      index('thing_fill').on(self.size).with({ fillfactor: 70 }),
    ]),
  },
  'indexes by gin, over expressions and with classes of operators': {
    thing: pgTable('thing', { id: text().primaryKey(), name: text(), tags: text().array(), data: jsonb() }, (self) => [
      index('thing_tags').using('gin', self.tags),
      index('thing_data').using('gin', self.data.op('jsonb_path_ops')),
      index('thing_lower').on(sql`lower(${self.name})`),
      index('thing_words').using('gin', sql`to_tsvector('simple', ${self.name})`),
      index('thing_pattern').on(self.name.op('text_pattern_ops')),
      index('thing_brin').using('brin', self.name),
    ]),
  },
  'constraints that treat nulls alike, checks and keys of two columns': {
    thing: pgTable(
      'thing',
      { a: text(), b: integer(), c: text().unique('thing_c', { nulls: 'not distinct' }), d: text().unique() },
      (self) => [
        primaryKey({ columns: [self.a, self.b] }),
        unique().on(self.b, self.c),
        unique('thing_named').on(self.c, self.d).nullsNotDistinct(),
        check('thing_b', sql`${self.b} between 1 and 10 and ${self.a} <> 'o''clock'`),
      ],
    ),
  },
  'generated columns and identities': {
    thing: pgTable('thing', {
      id: integer().primaryKey().generatedAlwaysAsIdentity({ startWith: 100, increment: 5, name: 'thing_ids' }),
      number: bigint({ mode: 'number' }).generatedByDefaultAsIdentity({
        minValue: 2,
        maxValue: 99,
        cycle: true,
        cache: 3,
      }),
      first: text().notNull().default("it's"),
      both: text().generatedAlwaysAs(sql`first || 'x'`),
      doubled: integer().generatedAlwaysAs((): SQL => sql`length(first) * 2`),
      price: numeric({ precision: 10, scale: 2 }).default('1.50'),
      name: varchar({ length: 20 }),
      at: timestamp({ withTimezone: true, precision: 3 }).defaultNow(),
      big: bigserial({ mode: 'number' }),
    }),
  },
  enums: {
    thing: pgTable('thing', {
      id: text().primaryKey(),
      mood: mood().notNull().default('happy'),
      moods: text().array(),
    }),
    mood,
  },
  'sequences and references that are updated': {
    tickets: pgSequence('tickets', { startWith: 10, increment: 2, minValue: 2, maxValue: 1000, cache: 5, cycle: true }),
    plain: pgSequence('plain'),
    one: pgTable('one', { a: text(), b: text() }, (self) => [
      primaryKey({ name: 'one_key', columns: [self.a, self.b] }),
    ]),
  },
}
const one = pgTable('one', { a: text().primaryKey() })
const two = pgTable('two', { a: text().references(() => one.a, { onDelete: 'set null', onUpdate: 'cascade' }) })
const moreTables: typeof ownTables = { ...ownTables, 'references that are updated': { one, two } }

const refusedTables: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'a schema of its own': { thing: pgSchema('elsewhere').table('thing', { id: text().primaryKey() }) },
  policies: { thing: pgTable('thing', { id: text().primaryKey() }, () => [pgPolicy('all_of_it')]) },
  'a concurrent index': {
    thing: pgTable('thing', { id: text().primaryKey() }, (self) => [index('thing_id').on(self.id).concurrently()]),
  },
  'an index without a name over an expression': {
    thing: pgTable('thing', { id: text().primaryKey() }, (self) => [index().on(sql`lower(${self.id})`)]),
  },
  'a view': { one, names: pgView('names').as((db) => db.select().from(one)) },
  'a materialized view': { one, names: pgMaterializedView('names').as((db) => db.select().from(one)) },
  'an enum elsewhere': {
    thing: pgTable('thing', { id: text().primaryKey(), mood: pgSchema('elsewhere').enum('mood', ['sad'])() }),
  },
  'a sequence elsewhere': { one, numbers: pgSchema('elsewhere').sequence('numbers') },
}

/** Row-level security is on for every table that is added, whether or not Drizzle says so. */
async function closeAll(connection: SqlConnection): Promise<void> {
  await connection.exec(`do $$ declare t regclass; begin
    for t in select oid from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' loop
      execute format('alter table %s enable row level security', t);
    end loop; end $$`)
}

const migrate = (connection: SqlConnection, to: Readonly<Record<string, unknown>> = schema) =>
  migrateAuth((run) => run(connection), to)

/** Runs the suite; `open` gives each test an empty database. */
export function testAdditions(open: OpenEmpty): void {
  describe('migrate with a schema of plugins', () => {
    it('describes its tables as Better Auth does, and the types as the tables', () => {
      const columns = Object.entries(schema).flatMap(([key, table]) => {
        if (!is(table, PgTable)) return []
        const entries = Object.entries(getTableColumns(table)).map(([name, { notNull }]) => [name, notNull ? '!' : '?'])
        return [[key, Object.fromEntries(entries) as unknown]]
      })
      expect(Object.fromEntries(columns)).toEqual(pluginColumns)
    })

    it.for(Object.keys(configurations))('creates what drizzle-kit would: %s', async (name) => {
      const wanted = defineAuthSchema(configurations[name] ?? {})
      await using ours = await open()
      await using theirs = await open()
      await migrate(ours.connection, wanted)
      const statements = await generateMigration(generateDrizzleJson({}), generateDrizzleJson({ ...wanted }))
      for (const statement of statements) await theirs.connection.exec(statement)
      expect(await readCatalog(ours.connection)).toEqual(await readCatalog(theirs.connection))
      expect(await migrate(ours.connection, wanted)).toEqual([])
      await assertSchemaFits(wanted, configurations[name] ?? {})
      await assertDatabaseFits(ours.connection, wanted)
    })

    it.for(Object.keys(moreTables))('creates what drizzle-kit would of tables with %s', async (name) => {
      const wanted = { ...moreTables[name] }
      await using ours = await open()
      await using theirs = await open()
      const added = await applyAdditions(ours.connection, wanted)
      expect(added.length).toBeGreaterThan(0)
      const statements = await generateMigration(generateDrizzleJson({}), generateDrizzleJson(wanted))
      for (const statement of statements) await theirs.connection.exec(statement)
      await closeAll(theirs.connection)
      expect(await readCatalog(ours.connection)).toEqual(await readCatalog(theirs.connection))
      expect(await applyAdditions(ours.connection, wanted)).toEqual([])
    })

    it('adds constraints and indexes to a table that is there', async () => {
      await using ours = await open()
      await using theirs = await open()
      for (const { connection } of [ours, theirs]) {
        await connection.exec('create table thing (id text primary key, name text, size integer)')
      }
      const thing = pgTable(
        'thing',
        { id: text().primaryKey(), name: text(), size: integer(), big: boolean().generatedAlwaysAs(sql`size > 10`) },
        (self) => [
          unique('thing_name_size').on(self.name, self.size).nullsNotDistinct(),
          check('thing_size', sql`${self.size} > 0`),
          uniqueIndex('thing_small')
            .on(self.name)
            .where(sql`size < ${5}`),
        ],
      )
      expect(await applyAdditions(ours.connection, { thing })).toEqual([
        'thing.big',
        'thing_name_size',
        'thing_size',
        'thing_small',
      ])
      await theirs.connection.exec(`alter table thing add column big boolean generated always as (size > 10) stored;
        alter table thing add constraint thing_name_size unique nulls not distinct (name, size);
        alter table thing add constraint thing_size check (size > 0);
        create unique index thing_small on thing (name) where size < 5`)
      expect(await readCatalog(ours.connection)).toEqual(await readCatalog(theirs.connection))
    })

    it.for(Object.keys(refusedTables))('refuses by name what it cannot create: %s', async (name) => {
      await using opened = await open()
      const before = await readCatalog(opened.connection)
      const error = await failureOf(() => applyAdditions(opened.connection, { ...refusedTables[name] }))
      expect(error).toMatchObject({ code: expect.stringMatching(/^(INVALID_OPTIONS|SCHEMA_MISMATCH)$/) as string })
      expect(error.message).toContain('migration of your own')
      expect(await readCatalog(opened.connection)).toEqual(before)
    })

    it.for(['a schema of its own', 'an enum elsewhere', 'a sequence elsewhere'])(
      'refuses %s where the search path has the same names, before anything is altered',
      async (name) => {
        await using opened = await open()
        const { connection } = opened
        await connection.exec(
          `create table thing (number integer); create type mood as enum ('sad'); create sequence numbers`,
        )
        const before = await readCatalog(connection)
        const wanted = { ...refusedTables[name] }
        for (const run of [
          () => planAdditions(connection, wanted),
          () => readAuthMigrationStatus(connection, wanted),
          () => applyAdditions(connection, wanted),
          () => assertDatabaseFits(connection, wanted),
        ]) {
          const error = await failureOf(run)
          expect(error).toMatchObject({ code: 'INVALID_OPTIONS' })
          expect(error.message).toContain('"elsewhere".')
        }
        expect(await readCatalog(connection)).toEqual(before)
      },
    )

    it('refers to a table of another schema, whatever the search path has of that name', async () => {
      await using opened = await open()
      const { connection } = opened
      await connection.exec(`create schema elsewhere; create table elsewhere.people (id text primary key);
        create table people (id text primary key)`)
      const people = pgSchema('elsewhere').table('people', { id: text().primaryKey() })
      const thing = pgTable('thing', { id: text().primaryKey(), owner: text().references(() => people.id) })
      expect(await applyAdditions(connection, { thing })).toEqual(['thing', 'thing_owner_people_id_fk'])
      const { rows } = await connection.query(
        `select confrelid::regclass::text as target from pg_constraint where conname = 'thing_owner_people_id_fk'`,
      )
      expect(rows).toEqual([{ target: 'elsewhere.people' }])
      expect(await applyAdditions(connection, { thing })).toEqual([])
      await assertDatabaseFits(connection, { thing })
    })

    it('refers to what only an index makes unique, and compares such a reference', async () => {
      await using opened = await open()
      const { connection } = opened
      const coded = pgTable('coded', { id: text().primaryKey(), code: text(), parent: text() }, (self) => [
        foreignKey({ name: 'coded_parent_fk', columns: [self.parent], foreignColumns: [self.code] }).onDelete(
          'cascade',
        ),
        index('coded_parent').on(self.parent),
        uniqueIndex('coded_code').on(self.code),
      ])
      expect(await applyAdditions(connection, { coded })).toEqual([
        'coded',
        'coded_code',
        'coded_parent_fk',
        'coded_parent',
      ])
      expect(await applyAdditions(connection, { coded })).toEqual([])
      await assertDatabaseFits(connection, { coded })
      await connection.exec(`alter table coded drop constraint coded_parent_fk;
        alter table coded add constraint coded_parent_fk foreign key (parent) references coded (code)`)
      const error = await failureOf(() => applyAdditions(connection, { coded }))
      expect(error).toMatchObject({ code: 'SCHEMA_MISMATCH' })
      expect(error.message).toContain('coded.coded_parent_fk is ')
    })

    it.for([
      ['an index', 'create index thing_small on thing (name)', 'thing_small'],
      ['an index', 'create unique index thing_small on thing (name) where size < 6', 'thing_small'],
      ['an index', 'create unique index thing_small on thing (size) where size < 5', 'thing_small'],
      ['a unique constraint', 'alter table thing add constraint thing_both unique (name, size)', 'thing_both'],
      ['a check', 'alter table thing add constraint thing_size check (size >= 0)', 'thing_size'],
      [
        'a reference',
        'alter table thing add constraint thing_parent_fk foreign key (parent) references thing (id) on delete cascade',
        'thing_parent_fk',
      ],
    ] as const)('refuses %s of the same name that is another one: %s', async ([, statement, name]) => {
      await using opened = await open()
      const { connection } = opened
      await connection.exec('create table thing (id text primary key, name text, size integer, parent text)')
      const thing = pgTable(
        'thing',
        { id: text().primaryKey(), name: text(), size: integer(), parent: text() },
        (self) => [
          unique('thing_both').on(self.name, self.size).nullsNotDistinct(),
          check('thing_size', sql`${self.size} > 0`),
          uniqueIndex('thing_small')
            .on(self.name)
            .where(sql`size < ${5}`),
          foreignKey({ name: 'thing_parent_fk', columns: [self.parent], foreignColumns: [self.id] }),
        ],
      )
      await connection.exec(statement)
      const before = await readCatalog(connection)
      const error = await failureOf(() => applyAdditions(connection, { thing }))
      expect(error).toMatchObject({ code: 'SCHEMA_MISMATCH' })
      expect(error.message).toContain(`thing.${name} is `)
      expect(await readCatalog(connection)).toEqual(before)
      await connection.exec(`alter table thing drop constraint if exists ${name}; drop index if exists ${name}`)
      expect(await applyAdditions(connection, { thing })).toHaveLength(4)
      await assertDatabaseFits(connection, { thing })
    })

    it('refuses an enum that has other values', async () => {
      await using opened = await open()
      const { connection } = opened
      await connection.exec("create type mood as enum ('sad')")
      const error = await failureOf(() => applyAdditions(connection, { ...ownTables['enums'] }))
      expect(error).toMatchObject({ code: 'SCHEMA_MISMATCH' })
      expect(error.message).toContain('mood')
    })

    it('is the same with migrations first and without any', async () => {
      await using migrated = await open()
      await using added = await open()
      await migrate(migrated.connection, authSchema)
      await applyAdditions(added.connection, authSchema)
      expect(await readCatalog(added.connection)).toEqual(await readCatalog(migrated.connection))
    })

    it('adds plugins and fields to a database in use, and keeps its rows', async () => {
      await using opened = await open()
      const { connection } = opened
      await migrate(connection, authSchema)
      await connection.exec(`insert into "user" (id, name, email) values ('ada', 'Ada', 'ada@example.com')`)
      const grown = defineAuthSchema({
        plugins: pluginOptions.plugins,
        user: {
          additionalFields: {
            plan: { type: 'string', defaultValue: 'free' },
            tags: { type: 'string[]', defaultValue: ["it's", 'a "tag"'] },
            settings: { type: 'json', defaultValue: { theme: "o'clock" } },
            code: { type: 'number', defaultValue: () => 7 },
          },
        },
      })
      const { pending } = await readAuthMigrationStatus(connection, grown)
      expect(pending).toEqual(expect.arrayContaining(['organization', 'user.role', 'user.plan', 'member_user_id_idx']))
      expect(await migrate(connection, grown)).toEqual(pending)
      expect(await readAuthMigrationStatus(connection, grown)).toEqual({ applied: names, pending: [], drifted: [] })
      const { rows } = await connection.query('select id, banned, plan, tags[1] as tag, settings, code from "user"')
      expect(rows).toEqual([
        { id: 'ada', banned: false, plan: 'free', tag: "it's", settings: { theme: "o'clock" }, code: 7 },
      ])
      // A value made by a function is made for each row, so it is no default of the column.
      await expect(
        connection.exec(`insert into "user" (id, name, email) values ('bob', 'Bob', 'bob@example.com')`),
      ).rejects.toMatchObject({ code: 'NOT_NULL_VIOLATION', column: 'code' })
    })

    it('adds nothing at all when something cannot be added, and says what', async () => {
      await using opened = await open()
      const { connection } = opened
      await migrate(connection, authSchema)
      await connection.exec(`insert into "user" (id, name, email) values ('ada', 'Ada', 'ada@example.com')`)
      const before = await readCatalog(connection)
      const impossible = defineAuthSchema({
        plugins: pluginOptions.plugins,
        user: { additionalFields: { birthday: { type: 'date' } } },
      })
      const error = await failureOf(() => migrate(connection, impossible))
      expect(error).toMatchObject({ code: 'MIGRATION_FAILED', migration: 'user.birthday', column: 'birthday' })
      expect(error.message).toContain('user.birthday')
      expect(await readCatalog(connection)).toEqual(before)
    })

    it('leaves alone what the schema does not know', async () => {
      await using opened = await open()
      const { connection } = opened
      await migrate(connection)
      const before = await readCatalog(connection)
      expect(await migrate(connection, defineAuthSchema({}))).toEqual([])
      expect(await migrate(connection, authSchema)).toEqual([])
      expect(await readCatalog(connection)).toEqual(before)
    })

    it('closes every table and sequence to everybody but the owner, whatever the defaults give away', async () => {
      await using opened = await open()
      const { connection } = opened
      await connection.exec(`alter default privileges in schema public grant all on tables to public;
        alter default privileges in schema public grant all on sequences to public`)
      await migrate(connection, {
        ...schema,
        ...ownTables['generated columns and identities'],
        numbers: pgSequence('numbers'),
      })
      const { rows } = await connection.query(
        `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'S')
         and (relkind = 'r' and not relrowsecurity or exists (select from aclexplode(relacl) where grantee <> relowner))
         union all select tablename from pg_policies where schemaname = 'public'`,
      )
      expect(rows).toEqual([])
      expect(pluginTables.length).toBeGreaterThan(10)
    })

    it('has an index that begins with each reference', () => {
      const bare = tables.flatMap((table) => {
        const { name, foreignKeys, indexes, columns } = getTableConfig(table)
        const leading = new Set([
          ...indexes.map(
            ({
              config: {
                columns: [first],
              },
            }) => first && 'name' in first && first.name,
          ),
          ...columns.filter(({ isUnique }) => isUnique).map((column) => column.name),
        ])
        return foreignKeys.flatMap((key) =>
          key
            .reference()
            .columns.filter((column) => !leading.has(column.name))
            .map((column) => `${name}.${column.name}`),
        )
      })
      expect(bare).toEqual([])
    })
  })

  describe('verifyAuthSchema', () => {
    it('names what the schema lacks of the options', async () => {
      const error = await failureOf(() => assertSchemaFits(authSchema, pluginOptions))
      expect(error.code).toBe('SCHEMA_MISMATCH')
      for (const name of ['organization', 'rateLimit', 'user.role', 'user.plan', 'session.impersonatedBy']) {
        expect(error.message).toContain(name)
      }
      await assertSchemaFits(schema, pluginOptions)
      await assertSchemaFits(authSchema, {})
    })

    it('names what the database lacks of the schema', async () => {
      await using opened = await open()
      const { connection } = opened
      await migrate(connection)
      await connection.exec('drop table passkey; alter table "user" drop column role; drop index session_user_id_idx')
      const error = await failureOf(() => assertDatabaseFits(connection, schema))
      expect(error.code).toBe('SCHEMA_MISMATCH')
      expect(error.message).toContain('lacks passkey, user.role, passkey_user_id_user_id_fk, session_user_id_idx')
      await migrate(connection)
      await assertDatabaseFits(connection, schema)
    })

    it('names columns that Better Auth would stumble over', async () => {
      await using opened = await open()
      const { connection } = opened
      await migrate(connection)
      await connection.exec(
        'alter table "user" add column shoe_size integer not null, alter column ban_expires type timestamp',
      )
      const error = await failureOf(() => assertDatabaseFits(connection, schema))
      expect(error.message).toContain('user.shoe_size is required')
      expect(error.message).toContain('user.ban_expires is of type timestamp without time zone')
    })
  })
}

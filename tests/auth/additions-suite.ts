/** What `migrate()` adds for plugins, extra fields, other names and other kinds of keys, on whatever database. */
import { getTableColumns, getTableName, is } from 'drizzle-orm'
import { PgTable, getTableConfig } from 'drizzle-orm/pg-core'
import { generateDrizzleJson, generateMigration } from 'drizzle-kit/api'
import type { BetterAuthOptions } from 'better-auth'
import { describe, expect, it } from 'vitest'
import { migrateAuth, readAuthMigrationStatus } from '../../src/auth/migrate-auth.ts'
import { authMigrations } from '../../src/auth/migrations.generated.ts'
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

    it('closes every table to everybody but the owner, whatever the defaults give away', async () => {
      await using opened = await open()
      const { connection } = opened
      await connection.exec('alter default privileges in schema public grant all on tables to public')
      await migrate(connection)
      const { rows } = await connection.query(
        `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
         and (not relrowsecurity or exists (select from aclexplode(relacl) where grantee <> relowner))
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

/** What `migrate()` adds beyond its migrations is as closed as they are, whatever default privileges give away. */
import { integer, pgSequence, pgTable, serial, text } from 'drizzle-orm/pg-core'
import postgres from 'postgres'
import { describe, expect, it } from 'vitest'
import { createAuthDatabase, defineAuthSchema } from '../../src/auth/index.ts'
import { authSchema } from '../../src/schema/auth.ts'
import { createSupabase } from '../support/supabase.ts'
import { pluginOptions } from './plugin-options.ts'

const thing = pgTable('thing', {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  number: integer().generatedByDefaultAsIdentity({ name: 'thing_numbers' }),
  count: serial(),
  body: text(),
})

const schemas: Readonly<Record<string, Record<string, unknown>>> = {
  'keys that count': defineAuthSchema({
    advanced: { database: { generateId: 'serial' } },
    plugins: pluginOptions.plugins,
  }),
  'identities, serials and a sequence': { ...authSchema, thing, tickets: pgSequence('tickets') },
}

/** What a role of the Data API, or everybody, has rights on: the auth tables' own relations are all that a schema has. */
const openRelations = `
  select format('%I.%I', nspname, relname) as name, case grantee when 0 then 'public' else grantee::regrole::text end as role
  from pg_class join pg_namespace on pg_namespace.oid = relnamespace, aclexplode(relacl)
  where nspname in ('public', 'better_auth', 'drizzle') and relname !~ '^(todo|profiles|before_us)'
    and (grantee = 0 or grantee in ('anon'::regrole, 'authenticated'::regrole))`

describe('on a Supabase project, what is added', () => {
  for (const [name, schema] of Object.entries(schemas)) {
    it.for([undefined, 'better_auth'])(`is closed: ${name}, in schema %s`, async (postgresSchema) => {
      await using database = await createSupabase()
      const admin = postgres(database.url, { max: 1 })
      await admin.unsafe(`alter default privileges grant all on tables to public, anon;
        alter default privileges grant all on sequences to public, anon`)
      await using authDb = createAuthDatabase({ connectionString: database.url, schema, postgresSchema })
      await authDb.migrate()
      expect(await admin.unsafe(openRelations)).toEqual([])
      await authDb.assertNotExposed()
      await admin.end()
    })
  }

  it('is closed where it is added to a table that is there, and nothing else of the database is', async () => {
    await using database = await createSupabase()
    const admin = postgres(database.url, { max: 1 })
    await admin.unsafe('create table public.before_us (id text primary key); create sequence public.before_us_seq')
    await using before = createAuthDatabase({ connectionString: database.url })
    await before.migrate()
    await admin.unsafe('grant select (id) on public."user" to authenticated')
    const beforeUs = pgTable('before_us', { id: text().primaryKey() })
    const grown = defineAuthSchema({ user: { additionalFields: { size: { type: 'number', required: false } } } })
    const other = pgTable('other', { id: serial().primaryKey(), of: text().references(() => beforeUs.id) })
    await using authDb = createAuthDatabase({ connectionString: database.url, schema: { ...grown, other } })
    expect(await authDb.migrate()).toEqual(['other', 'user.size', 'other_of_before_us_id_fk'])
    const open = await admin.unsafe(openRelations.replace('|before_us', ''))
    expect(new Set(open.map((row) => row['name'] as string))).toEqual(
      new Set(['public.before_us', 'public.before_us_seq']),
    )
    const [row] = await admin`select has_column_privilege('authenticated', 'public."user"', 'id', 'select') as "isOpen"`
    expect(row).toEqual({ isOpen: true })
    await admin.end()
  })
})

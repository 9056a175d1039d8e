/** What the migration runner promises, on whatever connection it runs. */
import { describe, expect, it } from 'vitest'
import { appMigrations } from '../../src/app/migrations.generated.ts'
import { authMigrations } from '../../src/auth/migrations.generated.ts'
import { migrationHash } from '../../src/internal/migration.ts'
import type { Migration } from '../../src/internal/migration.ts'
import { applyMigrations, readMigrationStatus, rollBackMigrations } from '../../src/internal/run-migrations.ts'
import type { SqlConnection } from '../../src/internal/sql-connection.ts'
import { appReverses } from '../support/app-reverses.ts'
import { readCatalog } from '../support/catalog.ts'
import type { OpenEmpty } from '../support/opened-connection.ts'

const table = '__test_migrations'
const createTable = (name: string, createdAt: number): Migration => ({
  name: `${String(createdAt).padStart(4, '0')}_${name}`,
  createdAt,
  up: `create table "${name}" (id int primary key);\n--> statement-breakpoint\ninsert into "${name}" values (1);`,
  down: `drop table "${name}";`,
})
const first = createTable('one', 1)
const second = createTable('two', 2)
const third = createTable('three', 3)
const lastTwo = [createTable('four', 4), createTable('five', 5)]
const five = [first, second, third, ...lastTwo]

const targetOf = (connection: SqlConnection, migrations: readonly Migration[] = five) => ({
  connection,
  table,
  migrations,
})

/** The whole state: the catalog of `public`, and the migrations table. */
async function readState(connection: SqlConnection): Promise<unknown> {
  const { rows } = await connection.query(`select to_regclass('drizzle.${table}') is not null as exists`)
  const history = rows[0]?.['exists'] ? (await connection.query(`select * from drizzle.${table} order by id`)).rows : []
  return { catalog: await readCatalog(connection), history }
}

/** Runs the suite; `open` gives each test an empty database. */
export function testMigrations(open: OpenEmpty): void {
  describe('migrations', () => {
    it('applies all in order, each once, and records names and hashes', async () => {
      await using database = await open()
      const target = targetOf(database.connection)
      expect(await readMigrationStatus(target)).toEqual({
        applied: [],
        pending: five.map(({ name }) => name),
        drifted: [],
      })
      const steps: unknown[] = []
      expect(await applyMigrations(target, (step) => steps.push(step))).toEqual(five.map(({ name }) => name))
      expect(steps[4]).toEqual({ name: '0005_five', number: 5, total: 5 })
      expect(await applyMigrations(target)).toEqual([])
      const { rows } = await database.connection.query(`select name, hash from drizzle.${table} order by id`)
      expect(rows.map(({ name }) => name)).toEqual(five.map(({ name }) => name))
      expect(rows.every(({ hash }) => /^[0-9a-f]{64}$/.test(String(hash)))).toBe(true)
      expect(await readMigrationStatus(target)).toEqual({
        applied: five.map(({ name }) => name),
        pending: [],
        drifted: [],
      })
    })

    it("takes over a table in drizzle-kit's own format and names its rows", async () => {
      await using database = await open()
      const { connection } = database
      await connection.exec(`create schema drizzle;
        create table drizzle.${table} (id serial primary key, hash text not null, created_at bigint);
        ${first.up}`)
      await connection.query(`insert into drizzle.${table} (hash, created_at) values ($1, 1)`, [
        await migrationHash(first),
      ])
      expect(await applyMigrations(targetOf(connection, [first, second]))).toEqual(['0002_two'])
      const { rows } = await connection.query(`select name from drizzle.${table} order by id`)
      expect(rows).toEqual([{ name: '0001_one' }, { name: '0002_two' }])
    })

    it('writes nothing when it only reports', async () => {
      await using database = await open()
      await readMigrationStatus(targetOf(database.connection))
      const { rows } = await database.connection.query(`select to_regnamespace('drizzle') is null as untouched`)
      expect(rows).toEqual([{ untouched: true }])
    })

    it('keeps the two before a failing third, which leaves no trace', async () => {
      await using database = await open()
      const failing: Migration = { ...third, up: `${third.up}\ninsert into "three" values (1);` }
      const attempt = applyMigrations(targetOf(database.connection, [first, second, failing, ...lastTwo]))
      await expect(attempt).rejects.toMatchObject({
        code: 'MIGRATION_FAILED',
        migration: '0003_three',
        sqlState: '23505',
        cause: { code: 'UNIQUE_VIOLATION' },
      })
      await using reference = await open()
      await applyMigrations(targetOf(reference.connection, [first, second]))
      expect(await readState(database.connection)).toEqual(await readState(reference.connection))
      expect(await applyMigrations(targetOf(database.connection))).toEqual(['0003_three', '0004_four', '0005_five'])
    })

    it.for([
      ['MIGRATION_EDITED', 'an edited migration', [first, { ...second, up: `${second.up} ` }, third]],
      ['MIGRATION_GAP', 'a missing file', [first, third, ...lastTwo]],
      ['MIGRATION_LATE', 'a late-comer', [first, createTable('late', 1.5), second, third]],
      ['DATABASE_NEWER', 'a database newer than the code', [first, second]],
    ] as const)('refuses with %s %s and changes nothing', async ([code, , known]) => {
      await using database = await open()
      await applyMigrations(targetOf(database.connection, [first, second, third]))
      const before = await readState(database.connection)
      const target = targetOf(database.connection, known)
      await expect(applyMigrations(target)).rejects.toMatchObject({ code })
      expect((await readMigrationStatus(target)).drifted.map((drift) => drift.code)).toContain(code)
      await expect(rollBackMigrations(target, 1)).rejects.toMatchObject({ code })
      expect(await readState(database.connection)).toEqual(before)
    })

    it('refuses a list that is out of order', async () => {
      await using database = await open()
      const attempt = applyMigrations(targetOf(database.connection, [second, first]))
      await expect(attempt).rejects.toMatchObject({ code: 'INVALID_OPTIONS' })
    })

    it('runs a marked migration outside a transaction', async () => {
      await using database = await open()
      const concurrently: Migration = {
        name: '0002_index',
        createdAt: 2,
        up: '-- typyst:no-transaction\ncreate index concurrently one_idx on "one" (id);\n--> statement-breakpoint\nselect 1;',
        down: '-- typyst:no-transaction\ndrop index concurrently one_idx;',
      }
      const target = targetOf(database.connection, [first, concurrently])
      expect(await applyMigrations(target)).toEqual(['0001_one', '0002_index'])
      expect(await readCatalog(database.connection)).toContain(
        'index CREATE INDEX one_idx ON public.one USING btree (id)',
      )
      expect(await rollBackMigrations(target, 1)).toEqual(['0002_index'])
      const unmarked = { ...concurrently, up: concurrently.up.replace('-- typyst:no-transaction\n', '') }
      await expect(applyMigrations(targetOf(database.connection, [first, unmarked]))).rejects.toMatchObject({
        code: 'MIGRATION_FAILED',
        sqlState: '25001',
      })
    })

    it.for(['thing_value', '"Thing value"'])(
      'builds an index anew that an interrupted `create index concurrently` left behind: %s',
      async (name) => {
        await using database = await open()
        const { connection } = database
        await connection.exec("create table thing (value text); insert into thing values ('twice'), ('twice')")
        const building: Migration = {
          name: '0001_index',
          createdAt: 1,
          up: `-- typyst:no-transaction\ncreate unique index concurrently if not exists ${name} on thing (value);`,
        }
        const target = targetOf(connection, [building])
        await expect(applyMigrations(target)).rejects.toMatchObject({ code: 'MIGRATION_FAILED' })
        const isValid = async () =>
          (await connection.query('select indisvalid from pg_index where indexrelid = $1::text::regclass', [name])).rows
        expect(await isValid()).toEqual([{ indisvalid: false }])
        await connection.exec('delete from thing')
        expect(await applyMigrations(target)).toEqual(['0001_index'])
        expect(await isValid()).toEqual([{ indisvalid: true }])
      },
    )

    it('rolls back the newest first and stops before what has no reverse', async () => {
      await using database = await open()
      const target = targetOf(database.connection)
      await applyMigrations(target)
      expect(await rollBackMigrations(target, 2)).toEqual(['0005_five', '0004_four'])
      const irreversible = { ...second, down: undefined }
      const before = await readState(database.connection)
      await expect(
        rollBackMigrations(targetOf(database.connection, [first, irreversible, third, ...lastTwo]), 2),
      ).rejects.toMatchObject({ code: 'MIGRATION_IRREVERSIBLE', migration: '0002_two' })
      expect(await readState(database.connection)).toEqual(before)
      expect(await rollBackMigrations(target, 99)).toEqual(['0003_three', '0002_two', '0001_one'])
      expect(await readCatalog(database.connection)).toEqual([])
    })

    it('keeps the two sides apart in one database', async () => {
      await using database = await open()
      const { connection } = database
      const auth = { connection, table: '__typyst_auth_migrations', migrations: authMigrations }
      const app = { connection, table: '__typyst_app_migrations', migrations: appMigrations }
      await applyMigrations(auth)
      await applyMigrations(app)
      await rollBackMigrations(auth, authMigrations.length)
      expect((await readMigrationStatus(app)).pending).toEqual([])
      expect((await readMigrationStatus(auth)).applied).toEqual([])
    })

    it.for([
      [
        'auth',
        authMigrations,
        `insert into "user" (id, name, email) values ('u', 'Ada', 'ada@example.com');
         insert into session (id, expires_at, token, user_id) values ('s', now(), 't', 'u');
         insert into account (id, account_id, provider_id, user_id) values ('a', 'u', 'credential', 'u');
         insert into verification (id, identifier, value, expires_at) values ('v', 'i', 'v', now())`,
      ],
      [
        'app',
        appReverses,
        `insert into collection (id, name) values ('c', 'Recipes');
         insert into collection_settings (id, collection_id) values ('s', 'c');
         insert into entry (id, title, content, collection_id) values ('e', 'Soup', '# Soup', 'c')`,
      ],
    ] as const)('goes up, down and up again on %s data, step by step', async ([, migrations, insert]) => {
      await using database = await open()
      const { connection } = database
      const catalogs = [await readCatalog(connection)]
      for (const step of migrations.keys()) {
        await applyMigrations(targetOf(connection, migrations.slice(0, step + 1)))
        catalogs.push(await readCatalog(connection))
      }
      await connection.exec(insert)
      for (let applied = migrations.length; applied > 0; applied--) {
        expect(await readCatalog(connection)).toEqual(catalogs[applied])
        await rollBackMigrations(targetOf(connection, migrations), 1)
      }
      expect(await readCatalog(connection)).toEqual([])
      await applyMigrations(targetOf(connection, migrations))
      expect(await readCatalog(connection)).toEqual(catalogs.at(-1))
    })
  })
}

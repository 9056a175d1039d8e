/** A database of its own for every test. */
import { randomUUID } from 'node:crypto'
import postgres from 'postgres'
import { inject } from 'vitest'

/** A fresh database; `drop()` and disposal are the same thing, and may happen twice. */
export interface TestDatabase extends AsyncDisposable {
  readonly name: string
  /** Connects to this database with the rights of the server's URL. */
  readonly url: string
  /** Deletes the database and disconnects whoever still uses it. */
  drop(): Promise<void>
}

/**
 * Creates an empty database.
 *
 * @param serverUrl - where; the run's own server unless a test started another one.
 */
export async function createTestDatabase(serverUrl: string = inject('postgresUrl')): Promise<TestDatabase> {
  // `template0`, because nobody can connect to it: copying `template1` fails while somebody has.
  return copyDatabase(serverUrl, 'template0')
}

/** Creates a copy of `template`, to which nobody may be connected; some 20 ms for one that is migrated. */
export async function createTestDatabaseFrom(template: Pick<TestDatabase, 'name' | 'url'>): Promise<TestDatabase> {
  return copyDatabase(template.url, template.name)
}

async function copyDatabase(serverUrl: string, template: string): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`
  const adminUrl = withDatabase(serverUrl, 'postgres')
  await runOn(adminUrl, (sql) => sql`create database ${sql(name)} template ${sql(template)} strategy file_copy`)
  const drop = async (): Promise<void> => {
    await runOn(adminUrl, (sql) => sql`drop database if exists ${sql(name)} with (force)`)
  }
  return { name, url: withDatabase(serverUrl, name), drop, [Symbol.asyncDispose]: drop }
}

/** A connection for one statement, so that no test process is kept alive by an idle one. */
async function runOn(url: string, statement: (sql: postgres.Sql) => Promise<unknown>): Promise<void> {
  // A notice such as "database does not exist, skipping" is no news here.
  const sql = postgres(url, { max: 1, onnotice: () => undefined })
  try {
    await statement(sql)
  } finally {
    await sql.end()
  }
}

function withDatabase(serverUrl: string, name: string): string {
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return url.href
}

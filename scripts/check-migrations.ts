/** `npm run db:check`: the schema has no change without a migration, and the compiled modules are those of the SQL files. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { generateDrizzleJson, generateMigration } from 'drizzle-kit/api'
import * as appSchema from '../src/schema/app.ts'
import * as appSearchSchema from '../src/schema/app-search.ts'
import * as authSchema from '../src/schema/auth.ts'
import { compileMigrations } from './compile-migrations.ts'

/** What is wrong, one sentence each; empty when nothing is. */
export async function findMigrationProblems(): Promise<string[]> {
  const problems: string[] = []
  for (const [side, schema] of Object.entries({ auth: authSchema, app: { ...appSchema, ...appSearchSchema } })) {
    const folder = new URL(`../migrations/${side}/`, import.meta.url)
    const readJson = async (path: string): Promise<unknown> => JSON.parse(await readFile(new URL(path, folder), 'utf8'))
    const { entries } = (await readJson('meta/_journal.json')) as { entries: { idx: number; tag: string }[] }
    for (const { tag } of entries) {
      if (!existsSync(new URL(`${tag}.down.sql`, folder)))
        problems.push(`migrations/${side}/${tag}.down.sql is missing.`)
    }
    const newest = await readJson(`meta/${String(entries.length - 1).padStart(4, '0')}_snapshot.json`)
    const changes = await generateMigration(newest, generateDrizzleJson({ ...schema }))
    if (changes.length > 0) problems.push(`The ${side} schema changed: run npm run db:generate:${side}.`)
  }
  for (const [path, text] of await compileMigrations()) {
    const current = await readFile(new URL(`../${path}`, import.meta.url), 'utf8')
    if (current !== text) problems.push(`${path} is stale: run npm run db:compile.`)
  }
  return problems
}

if (process.argv[1]?.endsWith('check-migrations.ts')) {
  const problems = await findMigrationProblems()
  for (const problem of problems) console.error(problem)
  process.exitCode = problems.length > 0 ? 1 : 0
}

/** Compiles `migrations/{auth,app}` into a module per side, so that neither side needs files to migrate. */
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'

/** A side's folder, the module made from it, and whether it carries the reverses: a browser only goes forward. */
interface Side {
  readonly name: 'auth' | 'app'
  readonly hasReverses: boolean
}

const sides: readonly Side[] = [
  { name: 'auth', hasReverses: true },
  { name: 'app', hasReverses: false },
]

/** The generated modules by path, relative to the repository. */
export async function compileMigrations(): Promise<Map<string, string>> {
  const modules = await Promise.all(sides.map(async (side) => [modulePath(side), await compileSide(side)] as const))
  return new Map(modules)
}

function modulePath({ name }: Side): string {
  return `src/${name}/migrations.generated.ts`
}

async function compileSide({ name, hasReverses }: Side): Promise<string> {
  const folder = new URL(`../migrations/${name}/`, import.meta.url)
  const journal = JSON.parse(await readFile(new URL('meta/_journal.json', folder), 'utf8')) as {
    entries: { tag: string; when: number }[]
  }
  const migrations = await Promise.all(
    journal.entries.map(async ({ tag, when }) => {
      const up = await readFile(new URL(`${tag}.sql`, folder), 'utf8')
      const down = hasReverses ? await readFile(new URL(`${tag}.down.sql`, folder), 'utf8') : undefined
      const hash = createHash('sha256').update(up).digest('hex')
      return { name: tag, createdAt: when, hash, up: withoutSchema(up), down: down && withoutSchema(down) }
    }),
  )
  return `/** Made by scripts/compile-migrations.ts from migrations/${name}; do not edit. */
import type { Migration } from '../internal/migration.ts'

export const ${name}Migrations: readonly Migration[] = ${JSON.stringify(migrations, undefined, 2)}
`
}

/**
 * drizzle-kit writes the schema before a referenced table, and there alone. Without it, all names are found by the
 * session's `search_path`, which is what puts the tables into a schema of one's own. The hash stays the file's.
 */
function withoutSchema(sql: string): string {
  return sql.replaceAll('REFERENCES "public".', 'REFERENCES ')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const [path, text] of await compileMigrations()) await writeFile(path, text)
}

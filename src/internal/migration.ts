/** What a migration is, and how drizzle-kit's files become a list of them. */
import { TypystDbError } from '../errors.ts'
import { fieldsOf, listOf, mapOf, number, record, text } from './argument-readers.ts'
import { checkValue } from './check-arguments.ts'
import type { Reader } from './check-arguments.ts'

/** One step of a database's schema. */
export interface Migration {
  /** The file's name without its extension, such as `0001_add_tags`. */
  readonly name: string
  /** When it was generated, in milliseconds since 1970: drizzle-kit's `when`, which orders and identifies migrations. */
  readonly createdAt: number
  /** The statements that apply it. A line `-- typyst:no-transaction` runs them one by one, outside a transaction. */
  readonly up: string
  /** The statements that undo it, where it can be undone. */
  readonly down?: string | undefined
  /** SHA-256 of `up` in hex, as drizzle-kit records it; computed when absent. */
  readonly hash?: string | undefined
}

/** Takes a migration that somebody wrote. */
export const migrationReader: Reader = record<Migration>(
  {
    name: text,
    createdAt: number,
    up: text,
    down: text,
    hash: text,
  },
  ['name', 'createdAt', 'up'],
)

const journalReader = fieldsOf<DrizzleJournal>({
  entries: listOf(fieldsOf<DrizzleJournal['entries'][number]>({ tag: text, when: number })),
})

/** The part of drizzle-kit's `meta/_journal.json` that matters here. */
export interface DrizzleJournal {
  readonly entries: readonly { readonly tag: string; readonly when: number }[]
}

/**
 * Makes a list of migrations from drizzle-kit's output, as a bundler hands it over.
 *
 * @param journal - The parsed `meta/_journal.json`.
 * @param sqlByPath - The text of each `.sql` file by its path; only the last part of the path counts.
 * @throws TypystDbError `INVALID_OPTIONS` when a file the journal names is missing.
 *
 * @example
 * ```ts
 * import { migrationsFromDrizzleKit } from '@typyst/db/app'
 *
 * // With Vite: sqlByPath = import.meta.glob('./migrations/*.sql', { query: '?raw', import: 'default', eager: true })
 * const sqlByPath = { './migrations/0000_tags.sql': 'create table "tag" ("id" text primary key)' }
 * const journal = { entries: [{ tag: '0000_tags', when: 1_795_000_000_000 }] }
 * export const migrations = migrationsFromDrizzleKit(journal, sqlByPath)
 * ```
 */
export function migrationsFromDrizzleKit(
  journal: DrizzleJournal,
  sqlByPath: Readonly<Record<string, string>>,
): Migration[] {
  const { entries } = checkValue('`journal`', journalReader, journal)
  const sqlByFile = new Map(
    Object.entries(checkValue('`sqlByPath`', mapOf(text), sqlByPath)).map(([path, sql]) => [
      path.split(/[\\/]/).pop(),
      sql,
    ]),
  )
  return entries.map(({ tag, when }) => {
    const up = sqlByFile.get(`${tag}.sql`)
    if (up === undefined) {
      throw new TypystDbError(
        'INVALID_OPTIONS',
        `The journal names "${tag}", but there is no "${tag}.sql". Pass every file.`,
      )
    }
    return { name: tag, createdAt: when, up, down: sqlByFile.get(`${tag}.down.sql`) }
  })
}

/** The hash drizzle-kit records: SHA-256 over the file's bytes, in hex. */
export async function migrationHash(migration: Migration): Promise<string> {
  if (migration.hash !== undefined) return migration.hash
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(migration.up))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

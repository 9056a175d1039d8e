/** The app's migrations with their reverses, which the package leaves out because a browser only goes forward. */
import { readFileSync } from 'node:fs'
import { appMigrations } from '../../src/app/migrations.generated.ts'
import type { Migration } from '../../src/internal/migration.ts'

const folder = new URL('../../migrations/app/', import.meta.url)

/** As in `migrations/app`. */
export const appReverses: readonly Migration[] = appMigrations.map((migration) => ({
  ...migration,
  down: readFileSync(new URL(`${migration.name}.down.sql`, folder), 'utf8'),
}))

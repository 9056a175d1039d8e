/** The repository's migrations are whole: reversed, compiled, and up to date with the schemas. */
import { expect, it } from 'vitest'
import { findMigrationProblems } from '../../scripts/check-migrations.ts'

it('has a reverse for each migration, none missing for the schemas, and compiled modules that are not stale', async () => {
  expect(await findMigrationProblems()).toEqual([])
})

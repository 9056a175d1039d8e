/** Compares what a database recorded with what the code knows: which migrations to apply, or why to refuse. */
import { TypystDbError } from '../errors.ts'
import type { Migration } from './migration.ts'

/** A migration whose hash is known. */
export type HashedMigration = Migration & { readonly hash: string }

/** A row of the migrations table. */
export interface AppliedMigration {
  readonly createdAt: number
  readonly hash: string
}

/**
 * The migrations that are still to be applied, in order.
 *
 * @param known - All migrations of the code.
 * @param applied - What the database recorded, in any order; a row drizzle-kit wrote twice counts once.
 * @throws TypystDbError `INVALID_OPTIONS` when `known` is out of order, `DATABASE_NEWER` when the database is ahead of
 *   the code, `MIGRATION_EDITED` when an applied migration changed since, `MIGRATION_GAP` when the code lacks one the
 *   database has, `MIGRATION_LATE` when the database lacks one that is older than its newest.
 */
export function planMigrations(
  known: readonly HashedMigration[],
  applied: readonly AppliedMigration[],
): HashedMigration[] {
  const [problem] = findMigrationProblems(known, applied)
  if (problem) throw problem
  const appliedTimes = new Set(applied.map(({ createdAt }) => createdAt))
  return known.filter(({ createdAt }) => !appliedTimes.has(createdAt))
}

/**
 * Everything that {@link planMigrations} would refuse, the gravest first.
 *
 * @throws TypystDbError `INVALID_OPTIONS` when `known` is out of order.
 */
export function findMigrationProblems(
  known: readonly HashedMigration[],
  applied: readonly AppliedMigration[],
): TypystDbError[] {
  refuseDisorder(known)
  const problems: TypystDbError[] = []
  const knownByTime = new Map(known.map((migration) => [migration.createdAt, migration]))
  const newestKnown = known.at(-1)?.createdAt ?? Number.NEGATIVE_INFINITY
  if (applied.some(({ createdAt }) => createdAt > newestKnown)) {
    problems.push(
      new TypystDbError(
        'DATABASE_NEWER',
        'The database was migrated by a newer version than this code. Deploy or reload the newer version; nothing was changed.',
      ),
    )
  }
  for (const { createdAt, hash } of applied) {
    const migration = knownByTime.get(createdAt)
    if (!migration && createdAt <= newestKnown) {
      problems.push(
        new TypystDbError(
          'MIGRATION_GAP',
          `The database has a migration from ${new Date(createdAt).toISOString()} that the code lacks. Restore its file; nothing was changed.`,
        ),
      )
    }
    if (migration && migration.hash !== hash) {
      problems.push(
        new TypystDbError(
          'MIGRATION_EDITED',
          `Migration "${migration.name}" was edited after it was applied. Restore its text and add a new migration instead; nothing was changed.`,
          { migration: migration.name },
        ),
      )
    }
  }
  const appliedTimes = new Set(applied.map(({ createdAt }) => createdAt))
  const newestApplied = Math.max(Number.NEGATIVE_INFINITY, ...appliedTimes)
  for (const { name, createdAt } of known) {
    if (appliedTimes.has(createdAt) || createdAt > newestApplied) continue
    problems.push(
      new TypystDbError(
        'MIGRATION_LATE',
        `Migration "${name}" is older than the newest one applied. Generate it again so that it comes last; nothing was changed.`,
        { migration: name },
      ),
    )
  }
  return problems
}

function refuseDisorder(known: readonly Migration[]): void {
  for (const [index, { name, createdAt }] of known.entries()) {
    const previous = known[index - 1]
    if (previous && (previous.createdAt >= createdAt || previous.name === name)) {
      throw new TypystDbError(
        'INVALID_OPTIONS',
        `Migration "${name}" does not come after "${previous.name}". List migrations by the time they were generated.`,
        { migration: name },
      )
    }
  }
}

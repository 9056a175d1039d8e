/** What transactions have in common on every driver: their modes and savepoints in SQL. */
import type { SqlTransactionOptions } from './sql-connection.ts'

/** The modes to write after `begin` or `set transaction`; empty for the database's defaults. */
export function transactionModes({ isolationLevel, accessMode, deferrable }: SqlTransactionOptions = {}): string {
  return [
    isolationLevel && `isolation level ${isolationLevel}`,
    accessMode,
    deferrable === undefined ? undefined : deferrable ? 'deferrable' : 'not deferrable',
  ]
    .filter((mode) => mode !== undefined)
    .join(' ')
}

/** How a savepoint begins and ends. Each depth has a name of its own, so that to undo one undoes all inside of it. */
export const savepoint = {
  begin: (depth: number) => `savepoint typyst_${depth}`,
  release: (depth: number) => `release savepoint typyst_${depth}`,
  rollBack: (depth: number) => `rollback to savepoint typyst_${depth}; release savepoint typyst_${depth}`,
} as const

/** What one of those texts does. */
export interface SavepointStep {
  readonly step: keyof typeof savepoint
  readonly depth: number
}

/** Reads a text that {@link savepoint} has written; gives nothing for any other. */
export function readSavepointStep(text: string): SavepointStep | undefined {
  const depth = Number(/ typyst_(\d+)$/.exec(text)?.[1])
  if (text === savepoint.begin(depth)) return { step: 'begin', depth }
  if (text === savepoint.release(depth)) return { step: 'release', depth }
  return text === savepoint.rollBack(depth) ? { step: 'rollBack', depth } : undefined
}

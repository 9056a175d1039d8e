/** The parts of PGlite's types that its package does not export by name. */
import type { PGliteInterface, Results } from '@electric-sql/pglite'

/** A result as it crosses: PGlite's own, with values of any type. */
export type WireResults = Results<unknown>

/** How `dumpDataDir` may pack. */
export type DumpDataDirCompression = NonNullable<Parameters<PGliteInterface['dumpDataDir']>[0]>

/** The part of PGlite's interface that an engine has to offer; its life is the facade's own. */
import type { PGlite, PGliteInterface } from '@electric-sql/pglite'

/** PGlite's interface without opening and closing. A `PGlite` fits, and what stands in for it in a tab. */
export type AppClient = Pick<
  PGliteInterface,
  | 'query'
  | 'sql'
  | 'exec'
  | 'describeQuery'
  | 'transaction'
  | 'execProtocolRaw'
  | 'execProtocolRawStream'
  | 'execProtocol'
  | 'runExclusive'
  | 'listen'
  | 'unlisten'
  | 'onNotification'
  | 'offNotification'
  | 'dumpDataDir'
  | 'refreshArrayTypes'
> & {
  /** The parsers of a client in this page, its own and those it inherits. */
  readonly parsers?: PGlite['parsers']
}

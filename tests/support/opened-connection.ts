/** A connection a suite runs on, and how to let go of it. */
import type { SqlConnection } from '../../src/internal/sql-connection.ts'

/** Opens an empty database of its own for a test. */
export type OpenEmpty = () => Promise<OpenedConnection>

/** An open connection; disposing it deletes its database too. */
export interface OpenedConnection extends AsyncDisposable {
  readonly connection: SqlConnection
}

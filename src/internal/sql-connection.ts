/** The port every driver fits: what Drizzle, the migration runner and `authDb.sql` ask of a connection. */

/** A result's column: its name and the type's object id in Postgres. */
export interface SqlField {
  readonly name: string
  readonly dataTypeID: number
}

/** What a statement returned. */
export interface SqlResult<TRow = Record<string, unknown>> {
  /** The rows, none for a statement that returns nothing. */
  readonly rows: TRow[]
  /** How many rows the statement returned or changed. */
  readonly rowCount: number
  /** The columns, in order. */
  readonly fields: readonly SqlField[]
}

/** Runs statements. Timestamps, dates and intervals arrive as Postgres wrote them, as text. */
export interface SqlExecutor {
  /** One statement with `$1`-style parameters, each row an object by column name. */
  query(text: string, params?: readonly unknown[]): Promise<SqlResult>
  /** The same with each row an array, which keeps two columns of one name apart. */
  queryArrays(text: string, params?: readonly unknown[]): Promise<SqlResult<unknown[]>>
  /** Any number of statements without parameters. */
  exec(text: string): Promise<void>
}

/** How a transaction runs; the database's own defaults where absent. */
export interface SqlTransactionOptions {
  readonly isolationLevel?: 'read uncommitted' | 'read committed' | 'repeatable read' | 'serializable' | undefined
  readonly accessMode?: 'read only' | 'read write' | undefined
  readonly deferrable?: boolean | undefined
}

/** An executor that can also hold one session for a transaction. */
export interface SqlConnection extends SqlExecutor {
  /** Commits when `run` resolves, rolls back and rethrows its error when it rejects. */
  transaction<T>(run: (tx: SqlExecutor) => Promise<T>, options?: SqlTransactionOptions): Promise<T>
}

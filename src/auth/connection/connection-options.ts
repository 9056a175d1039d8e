/** The options that say how to connect to a server. Each wins over the connection string, and that over the default. */
import type { TlsMode, TlsOptions } from './tls.ts'

/** How to connect to a server; the embedded default knows only `postgresSchema`. */
export interface ConnectionOptions {
  /**
   * Defaults for a process that lives long (`server`: 10 connections, kept) or one of very many short ones (`serverless`:
   * one connection, closed after 20 idle seconds).
   *
   * @defaultValue `server`
   */
  readonly preset?: 'server' | 'serverless' | undefined
  /**
   * How many connections the pool opens at most. Keep it small where many processes share one server.
   *
   * @defaultValue the URL's `max`, or 10 (`serverless`: 1)
   */
  readonly maxConnections?: number | undefined
  /**
   * How long a call waits, in milliseconds, for a connection of the pool to become free before it fails with `POOL_TIMEOUT`;
   * it was not run then. All of them are in use when each is held by a transaction, so this is also what ends the wait of a
   * transaction whose callback uses the database itself. A statement that shares a connection with others does not wait in
   * this sense: it has been sent.
   *
   * @defaultValue 30000
   */
  readonly acquireTimeoutMs?: number | undefined
  /**
   * How long to wait for a new connection to the server, in milliseconds.
   *
   * @defaultValue the URL's `connect_timeout` (in seconds), or 10000
   */
  readonly connectTimeoutMs?: number | undefined
  /**
   * After how many milliseconds without a query a connection is closed.
   *
   * @defaultValue the URL's `idle_timeout` (in seconds), or never (`serverless`: 20000)
   */
  readonly idleTimeoutMs?: number | undefined
  /**
   * How long one statement may run before the server ends it, in milliseconds. Migrations have no such limit.
   *
   * @defaultValue the URL's `statement_timeout`, or 30000; through a transaction pooler, what the role has
   */
  readonly statementTimeoutMs?: number | undefined
  /**
   * How long the server may take to answer a statement, in milliseconds, before its connection is given up: a server that has
   * frozen or is cut off does not keep to `statementTimeoutMs`. Raise it too where a statement sets a longer timeout for
   * itself. A statement of a migration may take longer: each time that it has not been answered for so long, the server is
   * asked about it over a second connection, and given up when it has nothing to say of it three times in a row.
   *
   * @defaultValue 5000 more than the statement timeout, and none where that is 0; 35000 through a transaction pooler, and for
   *   migrations where it would be none
   */
  readonly responseTimeoutMs?: number | undefined
  /**
   * How long a statement may wait for a lock, in milliseconds; a migration too, which holds up other queries while it waits.
   *
   * @defaultValue the URL's `lock_timeout`, or 10000; through a transaction pooler, what the role has
   */
  readonly lockTimeoutMs?: number | undefined
  /**
   * How long a transaction may do nothing before the server ends its session, in milliseconds.
   *
   * @defaultValue the URL's `idle_in_transaction_session_timeout`, or 60000; through a transaction pooler, what the role has
   */
  readonly idleInTransactionTimeoutMs?: number | undefined
  /**
   * How long `close()` lets running queries finish, in milliseconds, before it ends their connections.
   *
   * @defaultValue 5000
   */
  readonly closeTimeoutMs?: number | undefined
  /**
   * Encryption: `verify` checks the server's certificate, `{ ca }` against a certificate authority of your own (Supabase has
   * one, to be had from its dashboard), `no-verify` encrypts for whoever answers, `off` does not encrypt.
   *
   * @defaultValue the URL's `sslmode` (`require` means `verify` here), or `verify`; `off` for this machine, private
   *   addresses and names without a dot
   */
  readonly tls?: TlsMode | TlsOptions | undefined
  /**
   * Whether the server keeps the plans of statements that come again.
   *
   * @defaultValue true; false through a transaction pooler
   */
  readonly preparedStatements?: boolean | undefined
  /**
   * What stands in front of the server. A transaction pooler keeps no session: prepared statements are off, `migrate()` needs
   * `migrationUrl`, and timeouts are the role's.
   *
   * @defaultValue `transaction` for port 6543 or with `?pgbouncer=true` in the URL, `none` otherwise
   */
  readonly pooler?: 'none' | 'transaction' | undefined
  /**
   * The Postgres schema the tables live in, created by `migrate()`. Through a transaction pooler the role has to have it as
   * its `search_path`.
   *
   * @defaultValue what the role's `search_path` says, usually `public`
   */
  readonly postgresSchema?: string | undefined
}

/** The PGlite interface over the lazy connection: each call waits for the opening and throws our errors. */
import type { ParserOptions, PGliteInterface, QueryOptions, Transaction } from '@electric-sql/pglite'
import { atDriverEdge, transactionAtDriverEdge } from '../../internal/driver-edge.ts'
import type { LazyConnection } from '../../internal/lazy-connection.ts'
import type { AppClient } from './app-client.ts'
import type { AppSession } from './open-at.ts'

/** Builds the facade. Reading `waitReady` opens the database, as every call does. */
export function createPgClient(connection: LazyConnection<AppSession>): PGliteInterface {
  const onClient = <T>(call: (client: AppClient) => PromiseLike<T>): Promise<T> =>
    connection.use(({ client }) => atDriverEdge(() => call(client)))
  let current: AppClient | undefined
  const close = () => connection.close()
  const waitReady = async () => {
    current = (await connection.opened()).client
  }
  return {
    get waitReady() {
      return waitReady()
    },
    get ready() {
      return current !== undefined && !connection.isClosed()
    },
    get closed() {
      return connection.isClosed()
    },
    debug: 0,
    close,
    [Symbol.asyncDispose]: close,
    query: (text, params, options) => onClient((client) => client.query(text, params, withParsers(client, options))),
    sql: (strings, ...params: unknown[]) => onClient((client) => client.sql(strings, ...params)),
    exec: (text, options) => onClient((client) => client.exec(text, withParsers(client, options))),
    describeQuery: (text) => onClient((client) => client.describeQuery(text)),
    transaction<T>(run: (tx: Transaction) => Promise<T>) {
      return connection.use(({ client }) =>
        transactionAtDriverEdge<Transaction, T>(
          (body) => client.transaction(body),
          (tx) => run(translateErrors(tx, client)),
        ),
      )
    },
    execProtocolRaw: (message, options) => onClient((client) => client.execProtocolRaw(message, options)),
    execProtocolRawStream: (message, options) => onClient((client) => client.execProtocolRawStream(message, options)),
    execProtocol: (message, options) => onClient((client) => client.execProtocol(message, options)),
    runExclusive: (run) => connection.use(({ client }) => client.runExclusive(run)),
    listen: (channel, callback, tx) =>
      onClient(async (client) => translateUnlisten(await client.listen(channel, callback, tx))),
    unlisten: (channel, callback, tx) => onClient((client) => client.unlisten(channel, callback, tx)),
    onNotification(callback) {
      let isWanted = true
      let stop: (() => void) | undefined
      void connection.opened().then(
        ({ client }) => {
          if (isWanted) stop = client.onNotification(callback)
        },
        // Whoever queries learns that the opening failed; without a database there is nothing to notify of.
        () => undefined,
      )
      return () => {
        isWanted = false
        stop?.()
      }
    },
    offNotification(callback) {
      current?.offNotification(callback)
    },
    dumpDataDir: (compression) => onClient((client) => client.dumpDataDir(compression)),
    refreshArrayTypes: () => onClient((client) => client.refreshArrayTypes()),
  }
}

function translateErrors(tx: Transaction, client: AppClient): Transaction {
  return {
    query: (text, params, options) => atDriverEdge(() => tx.query(text, params, withParsers(client, options))),
    sql: (strings, ...params: unknown[]) => atDriverEdge(() => tx.sql(strings, ...params)),
    exec: (text, options) => atDriverEdge(() => tx.exec(text, withParsers(client, options))),
    rollback: () => atDriverEdge(() => tx.rollback()),
    listen: (channel, callback) => atDriverEdge(async () => translateUnlisten(await tx.listen(channel, callback))),
    get closed() {
      return tx.closed
    },
  }
}

/** PGlite copies only what is a client's own when a query brings parsers, and ours inherits those of arrays. */
function withParsers({ parsers }: AppClient, options?: QueryOptions): QueryOptions | undefined {
  if (!options?.parsers || !parsers) return options
  const every: ParserOptions = {}
  for (const type in parsers) {
    const parse = parsers[type]
    if (parse) every[Number(type)] = parse
  }
  return { ...options, parsers: { ...every, ...options.parsers } }
}

type Unlisten = (tx?: Transaction) => Promise<void>

function translateUnlisten(unlisten: Unlisten): Unlisten {
  return (tx) => atDriverEdge(() => unlisten(tx))
}

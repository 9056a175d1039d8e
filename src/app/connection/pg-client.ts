/** The PGlite interface over the lazy connection: each call waits for the opening and throws our errors. */
import type { ParserOptions, PGliteInterface, QueryOptions, Transaction } from '@electric-sql/pglite'
import { templateStrings } from '../../internal/argument-readers.ts'
import { checkCalls, checkValue } from '../../internal/check-arguments.ts'
import { atDriverEdge, transactionAtDriverEdge } from '../../internal/driver-edge.ts'
import type { LazyConnection } from '../../internal/lazy-connection.ts'
import type { TransactionGate, WatchStatement } from '../../internal/transaction-gate.ts'
import { pgClientCalls, pgTransactionCalls } from '../app-calls.ts'
import type { AppClient } from './app-client.ts'
import type { AppSession } from './open-at.ts'

/**
 * Builds the facade. Reading `waitReady` opens the database, as every call does.
 *
 * @param gate - What waits in PGlite for a transaction or for `runExclusive` waits here. The functions of the protocol never
 *   do: inside `runExclusive` they are what its callback has.
 */
export function createPgClient(connection: LazyConnection<AppSession>, gate: TransactionGate): PGliteInterface {
  const onClient = <T>(call: (client: AppClient) => PromiseLike<T>): Promise<T> =>
    connection.use(({ client }) => atDriverEdge(() => call(client)))
  const inTurn = <T>(call: (client: AppClient) => PromiseLike<T>): Promise<T> => gate.pass(() => onClient(call))
  /** For what takes a transaction to take part in. */
  const inTurnOf = <T>(tx: Transaction | undefined, call: (client: AppClient) => PromiseLike<T>): Promise<T> =>
    tx ? onClient(call) : inTurn(call)
  const unlistenInTurn =
    (unlisten: Unlisten): Unlisten =>
    (tx) =>
      inTurnOf(tx, () => unlisten(tx))
  /** Notes what the callback of `runExclusive` has under way; nobody can tell its messages from those of others. */
  let watchExclusive: WatchStatement | undefined
  const onProtocol = <T>(call: (client: AppClient) => PromiseLike<T>): Promise<T> =>
    watchExclusive ? watchExclusive(() => onClient(call)) : onClient(call)
  let current: AppClient | undefined
  const close = () => connection.close()
  const waitReady = async () => {
    current = (await connection.opened()).client
  }
  return checkCalls('pgClient.', pgClientCalls, {
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
    query: (text, params, options) => inTurn((client) => client.query(text, params, withParsers(client, options))),
    sql: async (strings, ...params: unknown[]) => {
      checkValue('The first argument of pgClient.sql', templateStrings, strings)
      return inTurn((client) => client.sql(strings, ...params))
    },
    exec: (text, options) => inTurn((client) => client.exec(text, withParsers(client, options))),
    describeQuery: (text) => inTurn((client) => client.describeQuery(text)),
    transaction<T>(run: (tx: Transaction) => Promise<T>) {
      return gate.hold<T>((inside) =>
        connection.use(({ client }) =>
          transactionAtDriverEdge<Transaction, T>(
            (body) => client.transaction(body),
            (tx) => inside((watch) => run(insideTransaction(tx, client, watch, unlistenInTurn))),
          ),
        ),
      )
    },
    execProtocolRaw: (message, options) => onProtocol((client) => client.execProtocolRaw(message, options)),
    execProtocolRawStream: (message, options) => onProtocol((client) => client.execProtocolRawStream(message, options)),
    execProtocol: (message, options) => onProtocol((client) => client.execProtocol(message, options)),
    runExclusive<T>(run: () => Promise<T>) {
      return gate.hold<T>((inside) =>
        connection.use(({ client }) =>
          client.runExclusive(() =>
            inside(async (watch) => {
              watchExclusive = watch
              try {
                return await run()
              } finally {
                watchExclusive = undefined
              }
            }),
          ),
        ),
      )
    },
    listen: (channel, callback, tx) =>
      inTurnOf(tx, async (client) => unlistenInTurn(await client.listen(channel, callback, tx))),
    unlisten: (channel, callback, tx) => inTurnOf(tx, (client) => client.unlisten(channel, callback, tx)),
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
    refreshArrayTypes: () => inTurn((client) => client.refreshArrayTypes()),
  })
}

function insideTransaction(
  tx: Transaction,
  client: AppClient,
  watch: WatchStatement,
  toUnlisten: (unlisten: Unlisten) => Unlisten,
): Transaction {
  const atEdge = <T>(call: () => Promise<T>): Promise<T> => watch(() => atDriverEdge(call))
  return checkCalls('tx.', pgTransactionCalls, {
    query: (text, params, options) => atEdge(() => tx.query(text, params, withParsers(client, options))),
    sql: async (strings, ...params: unknown[]) => {
      checkValue('The first argument of tx.sql', templateStrings, strings)
      return atEdge(() => tx.sql(strings, ...params))
    },
    exec: (text, options) => atEdge(() => tx.exec(text, withParsers(client, options))),
    rollback: () => atEdge(() => tx.rollback()),
    listen: (channel, callback) => atEdge(async () => toUnlisten(await tx.listen(channel, callback))),
    get closed() {
      return tx.closed
    },
  })
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

/** The PGlite interface over the lazy connection: each call waits for the opening and throws our errors. */
import type { ParserOptions, PGliteInterface, QueryOptions, Transaction } from '@electric-sql/pglite'
import { storable, templateStrings } from '../../internal/argument-readers.ts'
import { checkCalls, checkValue } from '../../internal/check-arguments.ts'
import { atDriverEdge, transactionAtDriverEdge } from '../../internal/driver-edge.ts'
import type { LazyConnection } from '../../internal/lazy-connection.ts'
import type { TransactionGate, WatchStatement } from '../../internal/transaction-gate.ts'
import { toSafeSerializers } from '../../pglite/safe-serializers.ts'
import { pgClientCalls, pgTransactionCalls } from '../app-calls.ts'
import type { AppClient } from './app-client.ts'
import type { AppSession } from './open-at.ts'

/** The facade, and what keeps it alive when the engine under it is another one. */
export interface PgClient {
  readonly pgClient: PGliteInterface
  /** Goes on with a client that was opened: what was listened to is listened to there. */
  readonly resume: (client: AppClient) => void
}

/**
 * Builds the facade. Reading `waitReady` opens the database, as every call does.
 *
 * @param gate - What waits in PGlite for a transaction or for `runExclusive` waits here. The functions of the protocol do
 *   too, unless `runExclusive` is under way: inside of it they are what its callback has.
 */
export function createPgClient(connection: LazyConnection<AppSession>, gate: TransactionGate): PgClient {
  const onClient = <T>(call: (client: AppClient) => PromiseLike<T>): Promise<T> =>
    connection.use(({ client }) => atDriverEdge(() => call(client)))
  const inTurn = <T>(call: (client: AppClient) => PromiseLike<T>): Promise<T> => gate.pass(() => onClient(call))
  /** For what takes a transaction to take part in. */
  const inTurnOf = <T>(tx: Transaction | undefined, call: (client: AppClient) => PromiseLike<T>): Promise<T> =>
    tx ? onClient(call) : inTurn(call)
  const listeners = new Map<string, Set<(payload: string) => void>>()
  const notified = new Set<(channel: string, payload: string) => void>()
  /** Notes a listener that has begun, and gives what ends it, on whatever client that is by then. */
  const noteListener = (channel: string, callback: (payload: string) => void): Unlisten => {
    const known = listeners.get(channel) ?? new Set()
    listeners.set(channel, known.add(callback))
    return (tx) => {
      forgetListener(channel, callback)
      return inTurnOf(tx, (client) => client.unlisten(channel, callback, tx))
    }
  }
  const forgetListener = (channel: string, callback?: (payload: string) => void): void => {
    if (callback) listeners.get(channel)?.delete(callback)
    if (!callback || listeners.get(channel)?.size === 0) listeners.delete(channel)
  }
  /** Notes what the callback of `runExclusive` has under way; nobody can tell its messages from those of others. */
  let watchExclusive: WatchStatement | undefined
  /** What it does not wait for itself. Later, that would come between the messages of others. */
  const underWay = new Set<Promise<unknown>>()
  const onProtocol = <T>(call: (client: AppClient) => Promise<T>): Promise<T> => {
    if (watchExclusive) {
      const running = watchExclusive(() => onClient(call))
      const forget = () => underWay.delete(running)
      underWay.add(running)
      running.then(forget, forget)
      return running
    }
    // A client in this page runs messages at once, in whatever transaction is open; through a worker each has its turn.
    return inTurn((client) => (client.parsers ? client.runExclusive(() => call(client)) : call(client)))
  }
  let current: AppClient | undefined
  const close = () => connection.close()
  const waitReady = async () => {
    current = (await connection.opened()).client
  }
  const pgClient: PGliteInterface = checkCalls('pgClient.', pgClientCalls, {
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
    query: (text, params, options) => inTurn((client) => client.query(text, params, withOwn(client, options))),
    sql: async (strings, ...params: unknown[]) => {
      checkValue('The first argument of pgClient.sql', templateStrings, strings)
      checkValue('A value of pgClient.sql', storable, params)
      return inTurn((client) => client.sql(strings, ...params))
    },
    exec: (text, options) => inTurn((client) => client.exec(text, withParsers(client, options))),
    describeQuery: (text) => inTurn((client) => client.describeQuery(text)),
    transaction<T>(run: (tx: Transaction) => Promise<T>) {
      return gate.hold<T>((inside) =>
        connection.use(({ client }) =>
          transactionAtDriverEdge<Transaction, T>(
            (body) => client.transaction(body),
            (tx) => inside((watch) => run(insideTransaction(tx, client, watch, noteListener))),
          ),
        ),
      )
    },
    execProtocolRaw: (message, options) => onProtocol((client) => client.execProtocolRaw(message, options)),
    execProtocolRawStream: (message, options) =>
      onProtocol(async (client) => {
        if (!options) return client.execProtocolRawStream(message)
        const { callback, rethrow } = keepingErrors(options.onRawData)
        await client.execProtocolRawStream(message, { ...options, onRawData: callback })
        rethrow()
      }),
    execProtocol: (message, options) => onProtocol((client) => client.execProtocol(message, options)),
    runExclusive<T>(run: () => Promise<T>) {
      return gate.hold<T>((inside) =>
        connection.use(({ client }) =>
          transactionAtDriverEdge<void, T>(
            (body) => client.runExclusive(() => body()),
            () =>
              inside(async (watch) => {
                watchExclusive = watch
                try {
                  return await run()
                } finally {
                  watchExclusive = undefined
                  await Promise.allSettled(underWay)
                }
              }),
          ),
        ),
      )
    },
    listen: (channel, callback, tx) =>
      inTurnOf(tx, async (client) => {
        await client.listen(channel, callback, tx)
        return noteListener(channel, callback)
      }),
    unlisten(channel, callback, tx) {
      forgetListener(channel, callback)
      return inTurnOf(tx, (client) => client.unlisten(channel, callback, tx))
    },
    onNotification(callback) {
      notified.add(callback)
      if (current) current.onNotification(callback)
      // Whoever queries learns that the opening failed; without a database there is nothing to notify of.
      else void connection.opened().catch(() => undefined)
      return () => {
        notified.delete(callback)
        current?.offNotification(callback)
      }
    },
    offNotification(callback) {
      notified.delete(callback)
      current?.offNotification(callback)
    },
    dumpDataDir: (compression) => onClient((client) => client.dumpDataDir(compression)),
    refreshArrayTypes: () => inTurn((client) => client.refreshArrayTypes()),
  })
  return {
    pgClient,
    resume(client) {
      current = client
      for (const callback of notified) client.onNotification(callback)
      for (const [channel, callbacks] of listeners) {
        for (const callback of callbacks) void client.listen(channel, callback).catch(() => undefined)
      }
    },
  }
}

/** A callback whose error waits: thrown through the engine, which calls it, it would be the end of that. */
function keepingErrors<T>(callback: (value: T) => void): { callback: (value: T) => void; rethrow: () => void } {
  let failure: { readonly cause: unknown } | undefined
  return {
    callback(value) {
      try {
        callback(value)
      } catch (cause) {
        failure ??= { cause }
      }
    },
    rethrow() {
      if (failure) throw failure.cause
    },
  }
}

function insideTransaction(
  tx: Transaction,
  client: AppClient,
  watch: WatchStatement,
  noteListener: (channel: string, callback: (payload: string) => void) => Unlisten,
): Transaction {
  const atEdge = <T>(call: () => Promise<T>): Promise<T> => watch(() => atDriverEdge(call))
  return checkCalls('tx.', pgTransactionCalls, {
    query: (text, params, options) => atEdge(() => tx.query(text, params, withOwn(client, options))),
    sql: async (strings, ...params: unknown[]) => {
      checkValue('The first argument of tx.sql', templateStrings, strings)
      checkValue('A value of tx.sql', storable, params)
      return atEdge(() => tx.sql(strings, ...params))
    },
    exec: (text, options) => atEdge(() => tx.exec(text, withParsers(client, options))),
    rollback: () => atEdge(() => tx.rollback()),
    listen: (channel, callback) =>
      atEdge(async () => {
        await tx.listen(channel, callback)
        return noteListener(channel, callback)
      }),
    get closed() {
      return tx.closed
    },
  })
}

/** What a query brings with it, in a form that does no harm. */
function withOwn(client: AppClient, options?: QueryOptions): QueryOptions | undefined {
  if (!options?.serializers) return withParsers(client, options)
  return { ...withParsers(client, options), serializers: toSafeSerializers(options.serializers) }
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

/** postgres.js set up for the port: a private client, and the values it reads and writes. */
import type { Socket } from 'node:net'
import postgres from 'postgres'
import type { Sql } from 'postgres'
import { TypystDbError } from '../../errors.ts'
import { backOffMs } from '../../internal/back-off.ts'
import { arrayTypes } from './array-types.ts'
import { cleanLogin, loginPadding } from './clean-login.ts'
import { driverError } from './driver-error.ts'
import { openSocket } from './open-socket.ts'
import type { PostgresTarget } from './postgres-target.ts'
import { toSessionSocket } from './session-socket.ts'
import { randomLifetimeMs } from './socket-life.ts'
import type { SocketLifeOptions } from './socket-life.ts'
import type { AnswerPatience } from './watch-answers.ts'
import { scalarTypesToWrite, wireText } from './wire-values.ts'

/**
 * Types that pass through as text because Drizzle's columns decode them: dates, times and intervals. Drizzle's own driver does
 * the same to the client it is given; this client stays private.
 */
const moments = {
  to: 1184,
  from: [1082, 1114, 1184, 1186],
  serialize: wireText.scalar,
  parse: (text: string): unknown => text,
}

/** Drizzle hands over JSON as text; what raw SQL passes is an object. */
const json = {
  to: 3802,
  from: [114, 3802],
  serialize: wireText.json,
  parse: (text: string): unknown => JSON.parse(text),
}

/** A `bigint` is a number where that is exact, as PGlite has it, so that both connections give the same. */
const bigint = {
  to: 20,
  from: [20],
  serialize: wireText.scalar,
  parse: (text: string): unknown => (Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text)),
}

/** The default writes everything but `true` as false, the text "true" too; here the server judges what it gets. */
const boolean = {
  to: 16,
  from: [16],
  serialize: wireText.scalar,
  parse: (text: string): unknown => text === 't',
}

/** The default writes bytes a second time when it sends a statement again. */
const bytes = {
  to: 17,
  from: [17],
  serialize: wireText.bytes,
  parse: (text: string): unknown => parseBytes(text),
}

/** Any value may be a parameter: the server judges whether it fits. */
type Types = { moments: unknown; json: unknown; bigint: unknown; boolean: unknown; bytes: unknown }

/** postgres.js with our types. */
export type Client = Sql<Types>

/** What ends a connection beside the timeouts of its target. */
export type ConnectionLife = SocketLifeOptions & Pick<AnswerPatience, 'mayAnswer'>

/** A client, and the way out when it has lost count. */
export interface PostgresClient {
  readonly sql: Client
  /** Ends its connections, and with them everything that is under way on them; resolves when it can connect again. */
  readonly giveUp: () => Promise<void>
}

/**
 * How long to wait before connecting again, in seconds, after `failures` in a row: up to one second. The default goes up to
 * 20, for which a server that has long been back would seem to be down.
 */
function secondsToReconnect(failures: number): number {
  return backOffMs(failures + 1, 1000) / 1000
}

/**
 * Makes a client; it connects on the first query.
 *
 * @param onClose - Told of each connection that ends, whoever ended it.
 * @param life - When a connection is closed that nothing runs on, and what is asked before one is given up that does not
 *   answer.
 * @throws TypystDbError `INVALID_OPTIONS` when the connection string cannot be read.
 */
export function createPostgresClient(
  target: PostgresTarget,
  onClose?: () => void,
  life: ConnectionLife = { idleTimeoutMs: target.idleTimeoutMs, lifetimeMs: randomLifetimeMs() },
): PostgresClient {
  const { connectionString, maxConnections, connectTimeoutMs, sessionSettings } = target
  const sockets = new Set<Socket>()
  const giveUp = async () => {
    const closed = [...sockets].map((socket) => {
      const isClosed = new Promise((resolve) => void socket.once('close', resolve))
      socket.destroy(driverError('ANSWER_OUT_OF_ORDER'))
      return isClosed
    })
    await Promise.all(closed)
  }
  try {
    const sql = postgres(connectionString, {
      max: maxConnections,
      connect_timeout: connectTimeoutMs / 1000,
      // See socket-life.ts.
      idle_timeout: 0,
      max_lifetime: 0,
      ...withSockets(target, life, sockets),
      ssl: false,
      backoff: secondsToReconnect,
      // The default prints notices, which may quote values, to the console.
      onnotice: () => undefined,
      ...(onClose && { onclose: onClose }),
      connection: { application_name: '@typyst/db', ...sessionSettings, ...loginPadding },
      // What it begins and ends a transaction with, too, which no pooler may take to another session than prepared it.
      prepare: target.preparesStatements,
      // See array-types.ts.
      fetch_types: false,
      types: { ...scalarTypesToWrite, moments, json, bigint, boolean, bytes, ...arrayTypes },
    })
    return { sql, giveUp }
  } catch (cause) {
    throw new TypystDbError(
      'INVALID_OPTIONS',
      '`connectionString` cannot be read. Percent-encode special characters of the user name and the password.',
      { cause },
    )
  }
}

/** Bytes as a server writes them, in hex or, where `bytea_output` says so, in escapes. */
function parseBytes(text: string): Buffer {
  if (text.startsWith('\\x')) return Buffer.from(text.slice(2), 'hex')
  const unescaped = text.replace(/\\(\\|[0-7]{3})/g, (_, escape: string) =>
    escape === '\\' ? escape : String.fromCharCode(parseInt(escape, 8)),
  )
  return Buffer.from(unescaped, 'latin1')
}

/** The part of its own options that postgres.js hands to whoever opens a socket. */
interface SocketRequest {
  /** The path of a Unix socket. */
  readonly path: string | false
}

/** postgres.js takes this option; its types leave it out. It reads no IPv6 address out of a connection string, either. */
function withSockets(
  { places, ssl, connectTimeoutMs, responseTimeoutMs }: PostgresTarget,
  life: ConnectionLife,
  sockets: Set<Socket>,
): object {
  let attempts = 0
  const socket = async ({ path }: SocketRequest) => {
    const { host = 'localhost', port = 5432 } = places[attempts++ % places.length] ?? {}
    const address = { host, port, path: path || undefined }
    const opened = await openSocket(address, ssl, connectTimeoutMs, (connected) =>
      toSessionSocket(connected, { ...life, responseTimeoutMs }),
    )
    cleanLogin(opened)
    sockets.add(opened)
    opened.once('close', () => sockets.delete(opened))
    return opened
  }
  return { socket }
}

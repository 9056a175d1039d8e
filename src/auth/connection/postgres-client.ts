/** postgres.js set up for the port: a private client, and the values it reads and writes. */
import { makePgArray } from 'drizzle-orm/pg-core/utils'
import postgres from 'postgres'
import type { Sql } from 'postgres'
import { TypystDbError } from '../../errors.ts'
import { backOffMs } from '../../internal/back-off.ts'
import { arrayTypes } from './array-types.ts'
import { cleanLogin, loginPadding } from './clean-login.ts'
import { openSocket } from './open-socket.ts'
import type { PostgresTarget } from './postgres-target.ts'
import { limitLife, randomLifetimeMs } from './socket-life.ts'
import type { SocketLifeOptions } from './socket-life.ts'
import { watchAnswers } from './watch-answers.ts'

/**
 * Types that pass through as text because Drizzle's columns decode them: dates, times and intervals, and arrays of them.
 * Drizzle's own driver does the same to the client it is given; this client stays private, so nobody else notices.
 */
const textTypes = {
  to: 1184,
  from: [1082, 1083, 1114, 1184, 1186, 1182, 1115, 1185, 1187, 1231],
  serialize: (value: unknown) => (Array.isArray(value) ? makePgArray(value.map(momentToText)) : momentToText(value)),
  parse: (text: string): unknown => text,
}

function momentToText(value: unknown): unknown {
  return value instanceof Date ? value.toISOString() : value
}

/** Drizzle hands over JSON as text; what raw SQL passes is still an object. */
const json = {
  to: 3802,
  from: [114, 3802],
  serialize: (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value)),
  parse: (text: string): unknown => JSON.parse(text),
}

/** A `bigint` is a number where that is exact, as PGlite has it, so that both connections give the same. */
const bigint = {
  to: 20,
  from: [20],
  serialize: (value: unknown) => String(value),
  parse: (text: string): unknown => (Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text)),
}

/** The default writes everything but `true` as false, the text "true" too; here the server judges what it gets. */
const boolean = {
  to: 16,
  from: [16],
  serialize: (value: unknown) => String(value),
  parse: (text: string): unknown => text === 't',
}

/** Any value may be a parameter: the server judges whether it fits. */
type Types = { textTypes: unknown; json: unknown; bigint: unknown; boolean: unknown }

/** postgres.js with our types. */
export type Client = Sql<Types>

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
 * @param life - When a connection is closed that nothing runs on.
 * @throws TypystDbError `INVALID_OPTIONS` when the connection string cannot be read.
 */
export function createPostgresClient(
  target: PostgresTarget,
  onClose?: () => void,
  life: SocketLifeOptions = { idleTimeoutMs: target.idleTimeoutMs, lifetimeMs: randomLifetimeMs() },
): Client {
  const { connectionString, maxConnections, connectTimeoutMs, sessionSettings } = target
  try {
    return postgres(connectionString, {
      max: maxConnections,
      connect_timeout: connectTimeoutMs / 1000,
      // See socket-life.ts.
      idle_timeout: 0,
      max_lifetime: 0,
      ...withSockets(target, life),
      ssl: false,
      backoff: secondsToReconnect,
      // The default prints notices, which may quote values, to the console.
      onnotice: () => undefined,
      ...(onClose && { onclose: onClose }),
      connection: { application_name: '@typyst/db', ...sessionSettings, ...loginPadding },
      // See array-types.ts.
      fetch_types: false,
      types: { textTypes, json, bigint, boolean, ...arrayTypes },
    })
  } catch (cause) {
    throw new TypystDbError(
      'INVALID_OPTIONS',
      '`connectionString` cannot be read. Percent-encode special characters of the user name and the password.',
      { cause },
    )
  }
}

/** The part of its own options that postgres.js hands to whoever opens a socket. */
interface SocketRequest {
  /** The path of a Unix socket. */
  readonly path: string | false
}

/** postgres.js takes this option; its types leave it out. It reads no IPv6 address out of a connection string, either. */
function withSockets(
  { places, ssl, connectTimeoutMs, responseTimeoutMs }: PostgresTarget,
  life: SocketLifeOptions,
): object {
  let attempts = 0
  const socket = async ({ path }: SocketRequest) => {
    const { host = 'localhost', port = 5432 } = places[attempts++ % places.length] ?? {}
    const opened = await openSocket({ host, port, path: path || undefined }, ssl, connectTimeoutMs)
    watchAnswers(opened, responseTimeoutMs, limitLife(opened, life))
    cleanLogin(opened)
    return opened
  }
  return { socket }
}

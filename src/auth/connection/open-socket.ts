/**
 * Opens the socket of a connection, encrypted where asked for. postgres.js would do that too, but checks the certificate of a
 * server at an IP address against the name "localhost", and goes on with TLS when the server has declined it.
 */
import { once } from 'node:events'
import { connect, isIP, Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { driverError } from './driver-error.ts'
import type { Ssl } from './tls.ts'

/** Where a server listens: a host and its port, or the path of a Unix socket. */
export interface ServerAddress {
  readonly host: string
  readonly port: number
  readonly path?: string | undefined
}

/** What a client sends before TLS; https://www.postgresql.org/docs/current/protocol-message-formats.html */
const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

/**
 * Opens one. Never rejects: postgres.js loses a connection of its pool for each socket that it was not given, so after a
 * failure it gets one that fails with the reason once it listens.
 *
 * @param timeoutMs - For all of it, in milliseconds.
 * @param prepare - Makes of the socket what postgres.js gets, before anything can happen to it.
 */
export async function openSocket(
  address: ServerAddress,
  ssl: Ssl,
  timeoutMs: number,
  prepare: (socket: Socket) => Socket,
): Promise<Socket> {
  const { host, port, path } = address
  const socket = path === undefined ? connect(port, host) : connect(path)
  const late = AbortSignal.timeout(timeoutMs)
  const closed = new AbortController()
  socket.once('close', () => closed.abort())
  const signal = AbortSignal.any([late, closed.signal])
  try {
    await once(socket, 'connect', { signal })
    return prepare(ssl ? await encrypt(socket, host, ssl, signal) : socket)
  } catch (cause) {
    socket.destroy()
    if (late.aborted) return prepare(failing(driverError('CONNECT_TIMEOUT')))
    return prepare(failing(closed.signal.aborted && !hasCode(cause) ? driverError('ECONNRESET') : cause))
  }
}

async function encrypt(socket: Socket, host: string, ssl: Exclude<Ssl, false>, signal: AbortSignal): Promise<Socket> {
  socket.write(sslRequest)
  const answers: unknown[] = await once(socket, 'data', { signal })
  const [answer] = answers
  // Anything behind the "S" was put there by somebody else: the server says nothing more before the handshake.
  if (!(answer instanceof Uint8Array) || answer.toString() !== 'S') throw driverError('TLS_NOT_OFFERED')
  const secure = connectTls({ socket, host, ...(!isIP(host) && { servername: host }), ...ssl })
  try {
    await once(secure, 'secureConnect', { signal })
    return secure
  } catch (cause) {
    secure.destroy()
    throw cause
  }
}

/** Fails at the first write. Earlier would be too early: what postgres.js has not written yet then, it never writes. */
function failing(cause: unknown): Socket {
  const socket = new Socket()
  const reason = cause instanceof Error ? cause : new Error('No connection.', { cause })
  return Object.assign(socket, {
    write(): boolean {
      socket.destroy(reason)
      return false
    },
  })
}

/** An abort has a number instead. */
function hasCode(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' && cause.code !== 'ABORT_ERR'
}

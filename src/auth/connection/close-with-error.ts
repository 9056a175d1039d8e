/**
 * Holds everything that ends a connection back until its socket closes, and then tells postgres.js once. What that sends in
 * between, such as the second attempt of whoever saw the error, it never answers. When a server says why it ends a session,
 * it fails the next session's first query with that; and when a server hangs up during the login without a word, it
 * connects again for ever.
 */
import type { Socket } from 'node:net'
import { driverError } from './driver-error.ts'
import { createFarewellReader } from './farewell.ts'

/** Changes how the socket tells of its end; gives it back. */
export function closeWithError(socket: Socket): Socket {
  const emit = socket.emit.bind(socket)
  const reader = createFarewellReader()
  let errors: unknown[] = []
  return Object.assign(socket, {
    emit(event: string | symbol, ...values: unknown[]): boolean {
      if (event === 'error') {
        errors.push(...values)
        return true
      }
      if (event === 'data' && values[0] instanceof Buffer) {
        const { rest, farewell } = reader.read(values[0])
        if (rest.length > 0) emit(event, rest)
        if (farewell) {
          errors.push(farewell)
          socket.destroy()
        }
        return true
      }
      if (event === 'close') {
        if (!reader.isLoggedIn()) errors.push(driverError('ECONNRESET'))
        const [first] = errors
        errors = []
        if (first === undefined) return emit(event, ...values)
        emit('error', first)
        return emit(event, true)
      }
      return emit(event, ...values)
    },
  })
}

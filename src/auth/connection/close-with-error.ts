/**
 * Holds a socket's error back until the socket closes. What postgres.js sends on a connection between the two, such as the
 * second attempt of whoever saw the error, it never answers.
 */
import type { Socket } from 'node:net'

/** Changes how the socket tells of its end; gives it back. */
export function closeWithError(socket: Socket): Socket {
  const emit = socket.emit.bind(socket)
  let errors: unknown[] = []
  return Object.assign(socket, {
    emit(event: string | symbol, ...values: unknown[]): boolean {
      if (event === 'error') {
        errors.push(...values)
        return true
      }
      if (event === 'close') {
        const [first] = errors
        errors = []
        if (first !== undefined) emit('error', first)
      }
      return emit(event, ...values)
    },
  })
}

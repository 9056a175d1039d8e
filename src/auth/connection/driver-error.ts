/** Errors of the connection, as the driver has them: with a code that error-translations.ts knows. */

/** Errors that connections ended with: whoever gets one knows that there is nothing left to end. */
const endings = new WeakSet<object>()

/** Makes one. */
export function driverError(code: string): Error {
  return Object.assign(new Error(`The connection failed: ${code}.`), { code })
}

/** Remembers what a connection ended with. */
export function rememberEnding(error: unknown): void {
  if (typeof error === 'object' && error !== null) endings.add(error)
}

/**
 * Whether postgres.js itself has failed, and neither the server nor the connection. It gives such an error to the statement
 * that is under way, which may be another one, and may take every later answer for the one before it.
 */
export function isFault(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return true
  if (endings.has(thrown) || thrown.name === 'PostgresError') return false
  return !('code' in thrown && typeof thrown.code === 'string' && thrown.code.startsWith('CONNECT'))
}

/** Loads a part of the package that is a file of its own in an app. */
import { isTypystDbError, TypystDbError } from '../errors.ts'
import { createDeferred } from './deferred.ts'

/** How long a file may take, in milliseconds. Browsers wait for minutes, and tell nothing of what comes meanwhile. */
const arrivesWithinMs = 15_000

/**
 * Imports it.
 *
 * @throws TypystDbError `ASSETS_UNAVAILABLE` when it cannot be fetched. What arrives later is there for the next attempt.
 */
export async function loadCode<T>(load: () => Promise<T>): Promise<T> {
  const late = createDeferred<never>()
  const timer = setTimeout(() => late.reject(new Error('It did not arrive in time.')), arrivesWithinMs)
  try {
    return await Promise.race([load(), late.promise])
  } catch (cause) {
    if (isTypystDbError(cause)) throw cause
    throw new TypystDbError(
      'ASSETS_UNAVAILABLE',
      `A part of the app's code could not be had${addressIn(cause)}: the server has no such file, sent a page instead, or gave no answer. Reload the page: browsers do not ask for it again before.`,
      { cause },
    )
  } finally {
    clearTimeout(timer)
  }
}

/** Chromium and Firefox name it in what they throw; without what may be secret in it. */
function addressIn(cause: unknown): string {
  const [address] = /https?:\/\/[^\s'"]+/.exec(cause instanceof Error ? cause.message : '') ?? []
  if (address === undefined || !URL.canParse(address)) return ''
  const { protocol, host, pathname } = new URL(address)
  return ` from ${protocol}//${host}${pathname}`
}

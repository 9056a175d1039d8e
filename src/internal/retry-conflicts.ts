/** Runs a transaction again that lost against another one. */
import { isTypystDbError } from '../errors.ts'
import { backOffMs } from './back-off.ts'

const longestPauseMs = 1000

/**
 * Runs an attempt, and again when it ends with `SERIALIZATION_FAILURE`: a deadlock, or a conflict that the isolation level
 * does not allow. Nothing of such an attempt has taken effect. Any other failure is the caller's at once.
 *
 * @param attempts - How many times at most, the first included.
 */
export async function retryConflicts<T>(attempt: () => Promise<T>, attempts: number): Promise<T> {
  for (let number = 1; ; number += 1) {
    try {
      return await attempt()
    } catch (cause) {
      const isConflict = isTypystDbError(cause) && cause.code === 'SERIALIZATION_FAILURE'
      if (!isConflict || number >= attempts) throw cause
      await new Promise((resolve) => setTimeout(resolve, backOffMs(number, longestPauseMs)))
    }
  }
}

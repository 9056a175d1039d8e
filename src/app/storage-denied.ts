/** Tells a browser that lets this page store nothing at all from one that fails to store something. */
import { isTypystDbError, TypystDbError } from '../errors.ts'

/** What browsers throw where the user or the site has blocked storage, and what stands for an interface that is missing. */
const reasons: readonly string[] = ['SecurityError', 'NotSupportedError']

/** The error for a page in which the browser offers no storage. */
export function storageDenied(message: string): TypystDbError {
  return new TypystDbError('STORAGE_UNAVAILABLE', message, { cause: new DOMException('', 'NotSupportedError') })
}

/**
 * Whether an error says that nothing can be stored here at all. Any other failure may be one of a moment, behind which there
 * are data.
 */
export function isStorageDenied(error: unknown): error is TypystDbError {
  if (!isTypystDbError(error) || error.code !== 'STORAGE_UNAVAILABLE') return false
  return error.cause instanceof Error && reasons.includes(error.cause.name)
}

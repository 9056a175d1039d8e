/** Tells the errors of Node by their code. */

/** Whether something thrown is an error with this `code`, such as `ENOENT`. */
export function isErrorCode(cause: unknown, code: string): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === code
}

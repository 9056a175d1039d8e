/** Refuses parameters that no driver sends as they are, before one of them can do harm. */
import { TypystDbError } from '../errors.ts'

/** The protocol counts parameters in 16 bits, and postgres.js stops two short of that. PGlite would count from 0 again. */
const maxParameters = 65_533

/**
 * Checks the parameters of one statement.
 *
 * postgres.js notices both mistakes only after it has queued the statement, and may then blame another one that runs on
 * the same connection; PGlite takes `undefined` for `null`.
 *
 * @throws TypystDbError `INVALID_INPUT` for `undefined`, `LIMIT_EXCEEDED` for more than the protocol can count.
 */
export function refuseParameters(params: readonly unknown[]): void {
  if (params.length > maxParameters) {
    throw new TypystDbError(
      'LIMIT_EXCEEDED',
      'A statement can hold 65,533 parameters. Insert in smaller batches; nothing was changed.',
    )
  }
  if (params.includes(undefined)) {
    throw new TypystDbError('INVALID_INPUT', 'A parameter is `undefined`. Pass `null` for a missing value.')
  }
}

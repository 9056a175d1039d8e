/** The place of a user's own database. */
import { TypystDbError } from '../../errors.ts'
import { text } from '../../internal/argument-readers.ts'
import { checkValue } from '../../internal/check-arguments.ts'
import { parseDataDir } from '../../pglite/data-location.ts'
import { checkArgument } from './check-values.ts'
import { userIdRule } from './field-rules.ts'

/**
 * The `dataDir` of a database that one user has for themselves, beside the one for everybody. Two users never share one,
 * also where the file system knows no capital letters, and an id cannot lead out of its folder.
 *
 * @param userId - As whatever signs users in has it.
 * @param dataDir - The place of the database for everybody; by default that of `createAppDatabase`.
 * @throws TypystDbError `INVALID_INPUT` when that is no id, `INVALID_OPTIONS` when it is too long for a name.
 *
 * @example
 * ```ts
 * import { createAppDatabase, userDataDir } from '@typyst/db/app'
 *
 * const shared = createAppDatabase()
 * const own = createAppDatabase({ dataDir: userDataDir('u1') })
 * await shared.copyTo(own, { of: null, as: 'u1' })
 * ```
 */
export function userDataDir(userId: string, dataDir = 'idb://typyst'): string {
  checkArgument('userId', userIdRule, userId)
  checkValue('`dataDir` of userDataDir()', text, dataDir)
  const location = parseDataDir(dataDir)
  if (location.kind === 'memory') return dataDir
  const name = [...new TextEncoder().encode(userId)].map(toSafeText).join('')
  const place = `${dataDir.replace(/\/+$/, '')}-user-${name}`
  parseDataDir(place)
  // File systems end a name at 255 bytes; PGlite and the lock put theirs beside it.
  if (name.length > 200)
    throw new TypystDbError('INVALID_OPTIONS', 'The id of the user is too long for a file name. Use a hash of it.')
  return place
}

/** A byte as itself where it is a small letter, a digit or a hyphen, otherwise as its number. */
function toSafeText(byte: number): string {
  const character = String.fromCharCode(byte)
  return /[a-z0-9-]/.test(character) ? character : `_${byte.toString(16).padStart(2, '0')}`
}

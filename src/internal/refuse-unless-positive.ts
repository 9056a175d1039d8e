/** The check of options that count something or say how long. */
import { TypystDbError } from '../errors.ts'

/** Refuses options that are not whole numbers above zero, naming the first. */
export function refuseUnlessPositive(options: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new TypystDbError('INVALID_OPTIONS', `\`${name}\` is not a whole number above zero. Correct it.`)
    }
  }
}

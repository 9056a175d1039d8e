/** Errors as plain data and back: a structured clone keeps neither their class nor their SQLSTATE. */
import { isTypystDbError, TypystDbError, typystDbErrorCodes } from '../../errors.ts'
import { toDatabaseError } from '../../internal/database-error.ts'
import type { WireError } from './protocol.ts'

/** An error as it crosses. What is not ours is translated first, so that nothing of a row crosses in a message. */
export function encodeError(thrown: unknown): WireError {
  const error = toDatabaseError(thrown)
  return { ...error.toJSON(), stack: error.stack, cause: encodeCause(error.cause) }
}

/** The error that crossed, thrown here: with the stack of whoever decodes it, the one of its origin in the cause. */
export function decodeError({ code, message, name: _name, stack, cause, ...details }: WireError): TypystDbError {
  return new TypystDbError(isKnown(code) ? code : 'QUERY_FAILED', message, {
    ...details,
    cause: cause ? decodeCause(cause) : originOf(message, stack),
  })
}

/** The causes of our errors have been cleaned, so all of them may cross. */
function encodeCause(cause: unknown): WireError | undefined {
  if (isTypystDbError(cause)) return encodeError(cause)
  return cause instanceof Error ? { name: cause.name, message: cause.message, stack: cause.stack } : undefined
}

function decodeCause(cause: WireError): Error {
  if (cause.code) return decodeError(cause)
  // The message of a cleaned cause is the driver's code or nothing; whoever takes it as a cause cleans it again.
  const { name, message, stack } = cause
  return Object.assign(new Error(message), { name, stack, code: message })
}

function originOf(message: string, stack: string | undefined): Error {
  return Object.assign(new Error(message), { name: 'Error', stack })
}

/** A leader of a newer release may have codes that are not known here. */
function isKnown(code: WireError['code']): code is NonNullable<WireError['code']> {
  return typystDbErrorCodes.some((known) => known === code)
}

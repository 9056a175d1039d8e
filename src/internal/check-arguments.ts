/** Checks what public calls are passed, before anything happens: one declaration per call says what fits. */
import { isTypystDbError, TypystDbError } from '../errors.ts'

/** Where a value was passed, and what a wrong one there is. */
export interface Place {
  readonly name: string
  readonly code: 'INVALID_INPUT' | 'INVALID_OPTIONS'
}

/**
 * Gives the value to go on with, or refuses it. What is read of an object is read once and copied, so that a getter or a
 * proxy cannot give another value later.
 */
export type Reader = (value: unknown, place: Place) => unknown

/** What a call takes, by the names of its parameters, in their order. */
export type Parameters = Readonly<Record<string, Reader>>

/** How a call answers decides how it refuses: by rejecting, or by throwing. */
export interface CallRule<TAnswers extends 'later' | 'at once'> {
  readonly answers: TAnswers
  readonly parameters: Parameters
}

/** A rule for each method of a type: one that is missing does not compile. */
export type CallRules<T> = {
  readonly [Key in keyof T & string as T[Key] extends (...args: never) => unknown ? Key : never]: T[Key] extends (
    ...args: never
  ) => PromiseLike<unknown>
    ? CallRule<'later'>
    : CallRule<'at once'>
}

/** The rules of some type's methods. */
export type AnyCallRules = Readonly<Record<string, CallRule<'later' | 'at once'>>>

/** The rule of a call that gives a promise. */
export function later(parameters: Parameters = {}): CallRule<'later'> {
  return { answers: 'later', parameters }
}

/** The rule of a call that gives anything else. */
export function atOnce(parameters: Parameters = {}): CallRule<'at once'> {
  return { answers: 'at once', parameters }
}

/** Refuses a value, without quoting it. */
export function refuse({ name, code }: Place, problem: string): never {
  throw new TypystDbError(code, `${name} ${problem}. Correct it and try again.`)
}

/**
 * Puts the checks around the methods of an object that was just built.
 *
 * @param owner - How callers name the object, with the dot after it: `entries.`.
 */
export function checkCalls<T extends object>(owner: string, rules: AnyCallRules, calls: T): T {
  for (const [name, rule] of Object.entries(rules)) {
    const call: unknown = Reflect.get(calls, name)
    if (typeof call === 'function') Reflect.set(calls, name, checkCall(`${owner}${name}()`, rule, call))
  }
  return calls
}

/**
 * Checks one argument of a function that stands alone.
 *
 * @param name - With what it belongs to where that is not plain: `options` of createId().
 */
export function checkValue<T>(name: string, reader: Reader, value: T, code: Place['code'] = 'INVALID_INPUT'): T {
  // A reader gives what it was given, or a copy of the part that is known.
  return read(reader, value, { name, code }) as T
}

/**
 * Reads an argument whose shape another library defines, and refuses what that stumbles over.
 *
 * @param name - Of the argument.
 */
export function interpret<T>(name: string, code: Place['code'], run: () => T): T {
  return read(run, undefined, { name, code }) as T
}

function checkCall(label: string, { answers, parameters }: CallRule<'later' | 'at once'>, call: object): unknown {
  const readers = Object.entries(parameters).map(([name, reader]) => {
    const place: Place = { name: `\`${name}\` of ${label}`, code: 'INVALID_INPUT' }
    return (value: unknown) => read(reader, value, place)
  })
  const run = (given: readonly unknown[]): unknown => {
    // Without parameters it may well be somebody's listener, which is passed an event.
    if (readers.length > 0 && given.slice(readers.length).some((value) => value !== undefined)) {
      refuse({ name: label, code: 'INVALID_INPUT' }, `takes ${Object.keys(parameters).join(', ')} and nothing after`)
    }
    const checked = readers.map((reader, at) => reader(given[at]))
    return Reflect.apply(call as (...args: unknown[]) => unknown, undefined, checked)
  }
  return answers === 'later' ? async (...given: unknown[]) => await run(given) : (...given: unknown[]) => run(given)
}

function read(reader: Reader, value: unknown, place: Place): unknown {
  try {
    return reader(value, place)
  } catch (cause) {
    if (isTypystDbError(cause)) throw cause
    // A getter or a proxy has thrown: whatever it was is the caller's.
    return refuse(place, 'cannot be read')
  }
}

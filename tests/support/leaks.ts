/** Searches whatever could end up in a log for what must not be there. */
import { inspect } from 'node:util'
import { expect, vi } from 'vitest'
import { isTypystDbError } from '../../src/errors.ts'
import type { TypystDbError } from '../../src/errors.ts'

/** A text that occurs nowhere by chance, and all lower case, because host names become that. */
export const secret = 'hunter2zebra9471'

/** The same as a number, for columns that take no text. */
export const secretNumber = 947_114_711

const encoder = new TextEncoder()
const spellings = [secret, String(secretNumber)].flatMap((text) => {
  const bytes = [...encoder.encode(text)]
  const hex = bytes.map((byte) => byte.toString(16))
  // As plain text, as util.inspect writes a Buffer or an array of bytes, as Postgres writes bytea, and as base64.
  return [text, hex.join(' '), hex.join(''), bytes.join(', '), bytes.join(','), btoa(text).slice(0, -4)]
})

/** Where in `text` a secret is, as an excerpt; nothing when it is clean. */
export function leakIn(text: string): string | undefined {
  const at = spellings.map((spelling) => text.indexOf(spelling)).filter((index) => index >= 0)
  return at.length === 0 ? undefined : text.slice(Math.max(0, Math.min(...at) - 80), Math.min(...at) + 80)
}

/** Every place of an error that holds a secret, by the way it was looked at. */
export function leaksOf(error: unknown): Record<string, string> {
  const views = {
    string: String(error),
    json: JSON.stringify(error),
    inspected: inspect(error, { depth: Infinity, showHidden: true, getters: true }),
    clone: inspect(structuredClone(error), { depth: Infinity, showHidden: true }),
    walked: [...textsIn(error, new Set())].join('\n'),
  }
  return Object.fromEntries(Object.entries(views).flatMap(([view, text]) => [[view, leakIn(text)]].filter(hasText)))
}

/** Runs something and gives back what it wrote to the console and to the process's own streams. */
export async function outputOf(run: () => Promise<unknown>): Promise<string> {
  const written: string[] = []
  const note = (...values: unknown[]) => {
    written.push(...values.map((value) => (typeof value === 'string' ? value : inspectAll(value))))
    return true
  }
  const methods = ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir', 'table'] as const
  const spies = [
    ...methods.map((method) => vi.spyOn(console, method).mockImplementation(note)),
    ...[process.stdout, process.stderr].map((stream) => vi.spyOn(stream, 'write').mockImplementation(note)),
  ]
  try {
    await run()
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
  return written.join('\n')
}

/** Runs something that has to fail, and checks that error and output are clean and that the error says what to do. */
export async function failureOf(run: () => Promise<unknown>): Promise<TypystDbError> {
  let error: unknown
  const output = await outputOf(async () => {
    try {
      await run()
    } catch (cause) {
      error = cause
    }
  })
  expect(error, 'it fails').toBeDefined()
  expect(leaksOf(error), 'leaks of the error').toEqual({})
  expect(leakIn(output), 'leak in the output').toBeUndefined()
  if (!isTypystDbError(error)) throw new Error(`This is no TypystDbError: ${inspect(error)}`)
  // What happened, and what to do next.
  expect(error.message).toMatch(/^[A-Z`].+[.;:] .+\.$/)
  return error
}

function inspectAll(value: unknown): string {
  return inspect(value, { depth: Infinity, showHidden: true })
}

function hasText(entry: (string | undefined)[]): entry is [string, string] {
  return entry[1] !== undefined
}

/** Every text an object holds, under whatever kind of key, on itself and on what it refers to. */
function* textsIn(value: unknown, seen: Set<unknown>): Generator<string> {
  if (typeof value !== 'object' || value === null) {
    yield typeof value === 'symbol' ? value.toString() : String(value)
    return
  }
  if (seen.has(value)) return
  seen.add(value)
  for (const key of Reflect.ownKeys(value)) {
    yield String(key)
    const own = Object.getOwnPropertyDescriptor(value, key)
    yield* textsIn(own?.get ? own.get.call(value) : own?.value, seen)
  }
}

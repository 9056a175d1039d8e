import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { isTypystDbError, TypystDbError } from '../../src/errors.ts'
import { leaksOf, secret } from '../support/leaks.ts'

describe('isTypystDbError', () => {
  it('knows the errors of a second copy of the module, which instanceof does not', async () => {
    // A variable, because TypeScript knows of no file with a query.
    const path = '../../src/errors.ts?second'
    const second = (await import(/* @vite-ignore */ path)) as { TypystDbError: typeof TypystDbError }
    const error: unknown = new second.TypystDbError('CLOSED', 'Closed.')
    expect(error instanceof TypystDbError).toBe(false)
    expect(isTypystDbError(error)).toBe(true)
    expect(isTypystDbError(new TypystDbError('CLOSED', 'Closed.', { cause: error }).cause)).toBe(true)
  })

  it.for([[new Error('CLOSED')], [{ name: 'TypystDbError', code: 'CLOSED' }], ['CLOSED'], [null], [undefined]])(
    'takes %o for something else',
    ([value]) => expect(isTypystDbError(value)).toBe(false),
  )
})

describe('a TypystDbError', () => {
  it('shows its names and nothing that is absent', () => {
    const error = new TypystDbError('UNIQUE_VIOLATION', 'Taken. Choose another.', {
      sqlState: '23505',
      constraint: 'user_email_unique',
      table: undefined,
    })
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'TypystDbError',
      code: 'UNIQUE_VIOLATION',
      message: 'Taken. Choose another.',
      sqlState: '23505',
      constraint: 'user_email_unique',
    })
    expect(Object.keys(error).sort()).toEqual(['code', 'constraint', 'name', 'sqlState'])
    expect(inspect(error)).toContain('user_email_unique')
    expect('cause' in error).toBe(false)
  })
})

describe('a cause', () => {
  const caused = (cause: unknown) => new TypystDbError('QUERY_FAILED', 'Failed. Try again.', { cause })

  it('keeps its class, its code and where it came from', () => {
    const { cause } = caused(Object.assign(new TypeError(secret), { code: 'ERR_INVALID_URL', input: secret }))
    expect(cause).toMatchObject({ name: 'TypeError', message: 'ERR_INVALID_URL' })
    expect((cause as Error).stack).toMatch(/^TypeError: ERR_INVALID_URL\n {4}at .*errors\.test\.ts:\d+:\d+\)?/)
  })

  const later = new Error(`${secret}\n    at ${secret} (${secret}.ts:1:2)`)
  later.message = 'changed later'
  const named = new Error(secret)
  named.name = secret
  const firefox = Object.assign(new Error(secret), {
    stack: 'open@http://localhost/app.js:1:2\n@http://localhost/app.js:3:4',
  })
  const nested = new Error(secret, { cause: new Error(secret) })
  it.for([
    ['a message of several lines', new Error(`${secret}\n${secret}\n    at ${secret} (${secret}.ts:1:2)`)],
    ['a message that was changed', later],
    ['a name that is a value', named],
    ['a stack that is no text', Object.assign(new Error(secret), { stack: { secret } })],
    ['a cause of its own', nested],
    ['several errors', new AggregateError([nested], secret)],
    ['properties', Object.assign(new Error(secret), { query: secret, parameters: [secret], [Symbol(secret)]: secret })],
    ['a code that is a sentence', Object.assign(new Error(secret), { code: `It was ${secret}` })],
    ['text', secret],
    ['an object', { message: secret, stack: secret }],
    ["Firefox's stack", firefox],
  ] as const)('is clean of %s', ([, cause]) => {
    expect(leaksOf(caused(cause))).toEqual({})
  })

  it("keeps the frames of Firefox's and Safari's stacks", () => {
    expect((caused(firefox).cause as Error).stack).toBe(`Error: details removed\n${firefox.stack}`)
  })
})

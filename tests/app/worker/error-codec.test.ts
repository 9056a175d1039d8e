/** Errors keep what they may tell on their way between a tab and a worker, and nothing else. */
import { expect, it } from 'vitest'
import { decodeError, encodeError } from '../../../src/app/worker/error-codec.ts'
import { TypystDbError } from '../../../src/errors.ts'
import { leaksOf, secret } from '../../support/leaks.ts'

const cross = (error: unknown) => decodeError(structuredClone(encodeError(error)))

it('keeps code, message and every detail', () => {
  const details = {
    sqlState: '23505',
    constraint: 'collection_pkey',
    table: 'collection',
    column: 'id',
    schema: 'public',
    position: 7,
    migration: '0000_init',
  }
  const error = new TypystDbError('UNIQUE_VIOLATION', 'A row exists.', details)
  const crossed = cross(error)
  expect(crossed).toBeInstanceOf(TypystDbError)
  expect(crossed.toJSON()).toEqual(error.toJSON())
})

it('keeps a chain of causes, our own with their codes', () => {
  const inner = new TypystDbError('CHECK_VIOLATION', 'A value breaks a check.', { sqlState: '23514' })
  const crossed = cross(new TypystDbError('MIGRATION_FAILED', 'It failed.', { migration: '0001', cause: inner }))
  expect(crossed).toMatchObject({
    code: 'MIGRATION_FAILED',
    migration: '0001',
    cause: { code: 'CHECK_VIOLATION', sqlState: '23514' },
  })
})

it("keeps a driver's error code in the cause, and none of its values", () => {
  const driver = Object.assign(new Error(`Key (id)=(${secret}) exists`), { code: '23505', detail: secret })
  const crossed = cross(driver)
  expect(crossed).toMatchObject({ code: 'UNIQUE_VIOLATION', sqlState: '23505', cause: { message: '23505' } })
  expect(leaksOf(crossed)).toEqual({})
  expect(leaksOf(Object.assign(new Error('wire'), encodeError(driver)))).toEqual({})
})

it('takes a code of a newer release for a failed query', () => {
  const wire = { ...encodeError(new TypystDbError('CLOSED', 'Closed.')), code: 'FROM_THE_FUTURE' as 'CLOSED' }
  expect(decodeError(wire)).toMatchObject({ code: 'QUERY_FAILED', message: 'Closed.' })
})

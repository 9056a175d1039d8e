import { describe, expect, it } from 'vitest'
import type { TypystDbErrorCode } from '../../src/errors.ts'
import { TypystDbError, typystDbErrorCodes } from '../../src/errors.ts'
import { toDatabaseError } from '../../src/internal/database-error.ts'
import {
  translationByDriverCode,
  translationBySqlState,
  translationBySqlStateClass,
} from '../../src/internal/error-translations.ts'
import { leaksOf, secret } from '../support/leaks.ts'

const thrown = (fields: Record<string, unknown>) => Object.assign(new Error(secret), { detail: secret }, fields)

describe('a SQLSTATE', () => {
  it.for<[string, TypystDbErrorCode]>([
    ['23505', 'UNIQUE_VIOLATION'],
    ['23503', 'FOREIGN_KEY_VIOLATION'],
    ['23001', 'FOREIGN_KEY_VIOLATION'],
    ['23999', 'CHECK_VIOLATION'],
    ['23502', 'NOT_NULL_VIOLATION'],
    ['23514', 'CHECK_VIOLATION'],
    ['23P01', 'CHECK_VIOLATION'],
    ['44000', 'CHECK_VIOLATION'],
    ['22P02', 'INVALID_INPUT'],
    ['22021', 'INVALID_INPUT'],
    ['22999', 'INVALID_INPUT'],
    ['25006', 'READ_ONLY'],
    ['25P02', 'TRANSACTION_ABORTED'],
    ['25P03', 'CONNECTION_FAILED'],
    ['25P04', 'CONNECTION_FAILED'],
    ['25001', 'QUERY_FAILED'],
    ['28P01', 'AUTHENTICATION_FAILED'],
    ['28000', 'AUTHENTICATION_FAILED'],
    ['3D000', 'DATABASE_NOT_FOUND'],
    ['3F000', 'SCHEMA_MISMATCH'],
    ['40001', 'SERIALIZATION_FAILURE'],
    ['40P01', 'SERIALIZATION_FAILURE'],
    ['40002', 'SERIALIZATION_FAILURE'],
    ['42501', 'PERMISSION_DENIED'],
    ['42601', 'QUERY_FAILED'],
    ['42703', 'SCHEMA_MISMATCH'],
    ['42P01', 'SCHEMA_MISMATCH'],
    ['42P07', 'SCHEMA_MISMATCH'],
    ['42803', 'QUERY_FAILED'],
    ['53100', 'STORAGE_FULL'],
    ['53200', 'LIMIT_EXCEEDED'],
    ['53300', 'TOO_MANY_CONNECTIONS'],
    ['54000', 'LIMIT_EXCEEDED'],
    ['55P03', 'QUERY_CANCELED'],
    ['57014', 'QUERY_CANCELED'],
    ['57P01', 'CONNECTION_FAILED'],
    ['57P03', 'CONNECTION_FAILED'],
    ['08006', 'CONNECTION_FAILED'],
    ['08P01', 'CONNECTION_FAILED'],
    ['58030', 'QUERY_FAILED'],
    ['XX000', 'QUERY_FAILED'],
    ['P0001', 'QUERY_FAILED'],
    ['0A000', 'QUERY_FAILED'],
    ['99999', 'QUERY_FAILED'],
  ])('%s becomes %s', ([sqlState, code]) => {
    expect(toDatabaseError(thrown({ code: sqlState }))).toMatchObject({ code, sqlState })
  })

  it.for<[string, string, TypystDbErrorCode]>([
    ['ERROR', '08P01', 'QUERY_FAILED'],
    ['FATAL', '08P01', 'CONNECTION_FAILED'],
    ['FATAL', '22023', 'INVALID_OPTIONS'],
    ['FATAL', '42704', 'INVALID_OPTIONS'],
    ['FATAL', '42601', 'INVALID_OPTIONS'],
    ['FATAL', '42501', 'PERMISSION_DENIED'],
    ['ERROR', '42704', 'SCHEMA_MISMATCH'],
  ])('with severity %s, %s becomes %s', ([severity, sqlState, code]) => {
    expect(toDatabaseError(thrown({ code: sqlState, severity }))).toMatchObject({ code, sqlState })
  })
})

describe('an error of a driver', () => {
  it.for<[string, Record<string, unknown>, TypystDbErrorCode]>([
    ['refused', { code: 'ECONNREFUSED' }, 'CONNECTION_FAILED'],
    ['unknown host', { code: 'ENOTFOUND' }, 'CONNECTION_FAILED'],
    ['a timeout', { code: 'CONNECT_TIMEOUT' }, 'CONNECTION_FAILED'],
    ['a broken connection', { code: 'CONNECTION_CLOSED' }, 'CONNECTION_FAILED'],
    ['a certificate', { code: 'SELF_SIGNED_CERT_IN_CHAIN' }, 'CONNECTION_FAILED'],
    ['closed', { code: 'CONNECTION_ENDED' }, 'CLOSED'],
    ['closed PGlite', { message: 'PGlite is closing' }, 'CLOSED'],
    ['an ended transaction', { message: 'Transaction is closed' }, 'TRANSACTION_ABORTED'],
    ['a full disk', { code: 'ENOSPC' }, 'STORAGE_FULL'],
    ["the browser's quota", { name: 'QuotaExceededError' }, 'STORAGE_FULL'],
    ['a conversion', { name: 'TypeError' }, 'INVALID_INPUT'],
    ['a conversion of PGlite', { message: 'Invalid input for bytea type' }, 'INVALID_INPUT'],
    ['a code that is text', { code: `CONNECT ${secret}` }, 'QUERY_FAILED'],
    ['a code that every object has', { code: 'constructor', name: 'toString' }, 'QUERY_FAILED'],
    ['anything else', {}, 'QUERY_FAILED'],
  ])('%s', ([, fields, code]) => {
    const error = toDatabaseError(thrown(fields))
    expect(error).toMatchObject({ code })
    expect(error.sqlState).toBeUndefined()
    expect(leaksOf(error)).toEqual({})
  })

  it.for([[secret], [undefined], [null], [947], [Symbol(secret)], [{ message: secret, code: 5 }]])(
    'is %o, which is no error',
    ([value]) => {
      const error = toDatabaseError(value)
      expect(error).toMatchObject({ code: 'QUERY_FAILED' })
      expect(leaksOf(error)).toEqual({})
    },
  )
})

it('keeps the names of either driver', () => {
  const names = { constraint: 'c', table: 't', column: 'a', schema: 's' }
  const pglite = { ...names, position: '7' }
  const postgresJs = { constraint_name: 'c', table_name: 't', column_name: 'a', schema_name: 's', position: '7' }
  for (const fields of [pglite, postgresJs]) {
    expect(toDatabaseError(thrown({ code: '23505', ...fields }))).toMatchObject({ ...names, position: 7 })
  }
})

it('passes its own errors as they are', () => {
  const own = new TypystDbError('CLOSED', 'Closed.')
  expect(toDatabaseError(own)).toBe(own)
})

it('takes the caller of the edge at its word when it knows nothing better', () => {
  expect(toDatabaseError(thrown({}), ['STORAGE_BLOCKED', 'Blocked.'])).toMatchObject({ code: 'STORAGE_BLOCKED' })
  expect(toDatabaseError(thrown({ code: '23505' }), ['STORAGE_BLOCKED', 'Blocked.'])).toMatchObject({
    code: 'UNIQUE_VIOLATION',
  })
})

it('knows only codes of the closed list, and says with each what to do', () => {
  const tables = [translationBySqlState, translationBySqlStateClass, translationByDriverCode]
  for (const [code, message] of tables.flatMap((table) => Object.values(table))) {
    expect(typystDbErrorCodes).toContain(code)
    expect(message).toMatch(/^[A-Z].+[.;:] .+\.$/)
  }
})

it.for(['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL'])('explains %s as a host that has only IPv6', (code) => {
  const error = toDatabaseError(thrown({ code }))
  expect(error.code).toBe('CONNECTION_FAILED')
  expect(error.message).toMatch(/IPv6.+session pooler/)
  expect(leaksOf(error)).toEqual({})
})

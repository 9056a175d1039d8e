/** Statements that fail with a secret in them, and what each failure has to be. */
import type { TypystDbErrorCode } from '../../src/errors.ts'
import { secret, secretNumber } from '../support/leaks.ts'

/** What the statements below run on. */
export const vault = `
  create type mood as enum ('calm');
  create table vault (
    id int primary key, code text unique, amount int constraint modest check (amount < 1000), mood mood,
    required text not null default '', short varchar(3), parent int references vault (id)
  );
  create function shout(word text) returns void language plpgsql as $$ begin
    raise notice 'notice %', word;
    raise warning 'warning %', word;
    raise exception 'exception %', word using detail = word, hint = word;
  end $$;
  create function whisper(word text) returns void language plpgsql as $$ begin
    raise notice 'notice %', word;
    raise warning 'warning %', word;
    raise log 'log %', word;
  end $$;
  insert into vault (id, code) values (1, '${secret}')`

/** One statement that fails. */
export interface FailingStatement {
  readonly name: string
  readonly text: string
  readonly params: readonly unknown[]
  readonly code: TypystDbErrorCode
  readonly sqlState?: string
  readonly constraint?: string
  readonly table?: string
}

const failing = (
  name: string,
  code: TypystDbErrorCode,
  sqlState: string,
  text: string,
  params: readonly unknown[] = [secret],
  names: Pick<FailingStatement, 'constraint' | 'table'> = {},
): FailingStatement => ({ name, code, sqlState, text, params, ...names })

/** Refused by JavaScript or by this package before the server sees it. */
const unsendable = (name: string, type: string, value: unknown, ...rest: unknown[]): FailingStatement => ({
  name,
  code: 'INVALID_INPUT',
  text: rest.length > 0 ? `select $1::${type}, $2::text` : `select $1::${type}`,
  params: [value, ...rest],
})

const circular: Record<string, unknown> = { [secret]: secret }
circular[secret] = circular
const throwing = { toString: () => secretError(), toJSON: () => secretError() }

function secretError(): never {
  throw new Error(secret)
}

const inVault = { table: 'vault' }

export const failingStatements: readonly FailingStatement[] = [
  failing('unique', 'UNIQUE_VIOLATION', '23505', 'insert into vault (id, code) values (2, $1)', [secret], {
    constraint: 'vault_code_key',
    ...inVault,
  }),
  failing('foreign key', 'FOREIGN_KEY_VIOLATION', '23503', 'insert into vault values (2, $1, 1, null, $1, null, $2)', [
    `${secret}!`,
    secretNumber,
  ]),
  failing('check', 'CHECK_VIOLATION', '23514', 'insert into vault (id, amount) values (2, $1)', [secretNumber], {
    constraint: 'modest',
    ...inVault,
  }),
  failing('not null', 'NOT_NULL_VIOLATION', '23502', 'insert into vault (id, code, required) values (2, $1, null)', [
    `${secret}!`,
  ]),
  failing('too long', 'INVALID_INPUT', '22001', 'insert into vault (id, short) values (2, $1)'),
  failing('integer', 'INVALID_INPUT', '22P02', 'select $1::int'),
  failing('out of range', 'INVALID_INPUT', '22003', 'select $1::text::smallint', [String(secretNumber)]),
  failing('timestamp', 'INVALID_INPUT', '22007', 'select $1::timestamptz'),
  failing('date', 'INVALID_INPUT', '22007', 'select $1::date'),
  failing('json', 'INVALID_INPUT', '22P02', 'select $1::json', [`{"a": ${secret}}`]),
  failing('uuid', 'INVALID_INPUT', '22P02', 'select $1::uuid'),
  failing('enum', 'INVALID_INPUT', '22P02', 'update vault set mood = $1'),
  failing('boolean', 'INVALID_INPUT', '22P02', 'select $1::text::boolean'),
  failing('regular expression', 'INVALID_INPUT', '2201B', "select 'a' ~ $1", [`(${secret}`]),
  failing('NUL in a value', 'INVALID_INPUT', '22021', 'select $1::text', [`${secret}\0`]),
  failing('NUL in the text', 'QUERY_FAILED', '08P01', `select $1::text, '\0${secret}'`),
  failing('too few parameters', 'QUERY_FAILED', '08P01', 'select $1::text, $2::text'),
  failing('syntax', 'QUERY_FAILED', '42601', `selec '${secret}'`, []),
  failing('unclosed quote', 'QUERY_FAILED', '42601', `select '${secret}`, []),
  failing('identifier for a literal', 'SCHEMA_MISMATCH', '42703', `select * from vault where code = "${secret}"`, []),
  failing('missing table', 'SCHEMA_MISMATCH', '42P01', `select * from ${secret}`, []),
  failing('missing function', 'SCHEMA_MISMATCH', '42883', `select ${secret}('${secret}')`, []),
  failing('missing type', 'SCHEMA_MISMATCH', '42704', `select '${secret}'::${secret}`, []),
  failing('raise exception', 'QUERY_FAILED', 'P0001', 'select shout($1)'),
  failing('dynamic SQL', 'QUERY_FAILED', '42601', `do $do$ begin execute 'selec ''${secret}'''; end $do$`, []),
  unsendable('undefined beside a value', 'text', secret, undefined),
  unsendable('invalid date', 'timestamptz', new Date(Number.NaN), secret),
  unsendable('an object that refers to itself', 'json', circular),
  unsendable('an object that throws', 'json', throwing),
  unsendable('bytes that are none', 'bytea', secretNumber),
]

/**
 * A Drizzle session over the connection port. Drizzle's own drivers wrap failures into `DrizzleQueryError`, whose message
 * prints the parameters (https://github.com/drizzle-team/drizzle-orm/issues/5939); this one lets the port's errors pass.
 * Classes, because Drizzle asks for subclasses of its own.
 */
import { entityKind, fillPlaceholders, is, Param, Placeholder } from 'drizzle-orm'
import type { Query, SQL, TablesRelationalConfig } from 'drizzle-orm'
import type { SelectedFieldsOrdered } from 'drizzle-orm/pg-core'
import { PgPreparedQuery, PgSession, PgTransaction } from 'drizzle-orm/pg-core'
import type { PgDialect, PgQueryResultHKT, PgTransactionConfig, PreparedQueryConfig } from 'drizzle-orm/pg-core'
import type { SqlExecutor, SqlResult } from '../internal/sql-connection.ts'
import type { LeveledConnection } from '../internal/transaction-level.ts'
import { encodeValue } from './column-values.ts'
import { convert } from './dialect.ts'
import { createRowMapper } from './row-mapper.ts'
import type { RowMapper } from './row-mapper.ts'
import type { StatementLog } from './statement-log.ts'

/** What a statement without a row type gives: rows as objects, how many, and the columns. */
export interface DrizzleResultHKT extends PgQueryResultHKT {
  type: SqlResult<this['row']>
}

/** The tables and relations of a schema, as Drizzle reads them out of it. */
export interface ExtractedSchema<TSchema extends Record<string, unknown>, TTables extends TablesRelationalConfig> {
  fullSchema: TSchema
  schema: TTables
  tableNamesMap: Record<string, string>
}

type ResultMapper = (rows: unknown[][]) => unknown

class PortPreparedQuery<T extends PreparedQueryConfig> extends PgPreparedQuery<T> {
  static override readonly [entityKind]: string = 'TypystPreparedQuery'
  private readonly executor: SqlExecutor
  private readonly fields: SelectedFieldsOrdered | undefined
  private readonly toResult: ResultMapper | undefined
  private readonly log: StatementLog | undefined
  /** Made by the first execution, as what follows is set after the constructor. */
  private mapRow: RowMapper | undefined
  /** Set by Drizzle's select builder. */
  declare joinsNotNullableMap?: Record<string, boolean>

  constructor(
    executor: SqlExecutor,
    query: Query,
    fields: SelectedFieldsOrdered | undefined,
    toResult: ResultMapper | undefined,
    log: StatementLog | undefined,
  ) {
    super(query, undefined, undefined)
    this.executor = executor
    this.fields = fields
    this.toResult = toResult
    this.log = log
  }

  async execute(placeholderValues?: Record<string, unknown>): Promise<T['execute']> {
    const { fields, toResult, executor } = this
    const params = this.fill(placeholderValues)
    this.log?.(this.query.sql)
    if (!fields && !toResult) return executor.query(this.query.sql, params)
    const { rows } = await executor.queryArrays(this.query.sql, params)
    return convert(() => {
      if (toResult) return toResult(rows)
      if (!fields) return undefined
      this.mapRow ??= createRowMapper(fields, this.joinsNotNullableMap)
      return rows.map(this.mapRow)
    })
  }

  /** Called by Drizzle's `session.all`. */
  async all(placeholderValues?: Record<string, unknown>): Promise<T['all']> {
    const { rows } = await this.executor.query(this.query.sql, this.fill(placeholderValues))
    return rows
  }

  private fill(placeholderValues: Record<string, unknown> = {}): unknown[] {
    return convert(() => this.query.params.map((param) => fillPlaceholder(param, placeholderValues)))
  }

  /** Called by Drizzle for batches. */
  isResponseInArrayMode(): boolean {
    return this.fields !== undefined || this.toResult !== undefined
  }
}

function fillPlaceholder(param: unknown, values: Record<string, unknown>): unknown {
  if (is(param, Param) && is(param.value, Placeholder) && Object.hasOwn(values, param.value.name)) {
    const value = values[param.value.name]
    return value === null ? null : encodeValue(param.encoder, value)
  }
  return fillPlaceholders([param], values)[0]
}

/** Runs Drizzle's queries on a connection, or on one transaction of it. */
export class PortSession<
  TSchema extends Record<string, unknown>,
  TTables extends TablesRelationalConfig,
> extends PgSession<DrizzleResultHKT, TSchema, TTables> {
  static override readonly [entityKind]: string = 'TypystSession'
  private readonly connection: LeveledConnection
  private readonly extracted: ExtractedSchema<TSchema, TTables>
  private readonly log: StatementLog | undefined

  constructor(
    connection: LeveledConnection,
    dialect: PgDialect,
    extracted: ExtractedSchema<TSchema, TTables>,
    log: StatementLog | undefined,
  ) {
    super(dialect)
    this.connection = connection
    this.extracted = extracted
    this.log = log
  }

  prepareQuery<T extends PreparedQueryConfig = PreparedQueryConfig>(
    query: Query,
    fields: SelectedFieldsOrdered | undefined,
    _name: string | undefined,
    _isResponseInArrayMode: boolean,
    customResultMapper?: (rows: unknown[][]) => T['execute'],
  ): PgPreparedQuery<T> {
    return new PortPreparedQuery<T>(this.connection, query, fields, customResultMapper, this.log)
  }

  override async count(query: SQL): Promise<number> {
    const { rows } = await this.execute<SqlResult>(query)
    return Number(rows[0]?.['count'])
  }

  transaction<T>(run: (tx: PortTransaction<TSchema, TTables>) => Promise<T>, config?: PgTransactionConfig): Promise<T> {
    return this.connection.transaction((level) => {
      const session = new PortSession(level, this.dialect, this.extracted, this.log)
      return run(new PortTransaction(this.dialect, session, this.extracted))
    }, config)
  }
}

/** A transaction; one started inside it is a savepoint. */
export class PortTransaction<
  TSchema extends Record<string, unknown>,
  TTables extends TablesRelationalConfig,
> extends PgTransaction<DrizzleResultHKT, TSchema, TTables> {
  static override readonly [entityKind]: string = 'TypystTransaction'
  private readonly portSession: PortSession<TSchema, TTables>

  constructor(
    dialect: PgDialect,
    session: PortSession<TSchema, TTables>,
    extracted: ExtractedSchema<TSchema, TTables>,
  ) {
    super(dialect, session, extracted)
    this.portSession = session
  }

  transaction<T>(run: (tx: PortTransaction<TSchema, TTables>) => Promise<T>): Promise<T> {
    return this.portSession.transaction(run)
  }
}

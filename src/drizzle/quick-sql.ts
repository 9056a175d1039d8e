/**
 * Writes statements as Drizzle does, in a fraction of the time: Drizzle asks of each piece in turn which of eleven kinds it is,
 * by walking up its classes, and makes an object of each: an insert of 10,000 rows took as long to write as to run.
 */
import { Column, entityKind, is, Name, Param, Placeholder, SQL, StringChunk, Table } from 'drizzle-orm'
import type { Query, SQLChunk } from 'drizzle-orm'
import { encodeValue } from './column-values.ts'
import { writeNested } from './nested-values.ts'

type Config = Parameters<SQL['buildQueryFromSourceParams']>[1]

/** The configuration as it is handed on: all that is written counts its parameters together. */
type SharedConfig = Config & Required<Pick<Config, 'paramStartIndex' | 'inlineParams'>>

/** How tables and columns are called, which Drizzle puts together each time. The dialect has no casing that could differ. */
const names = new WeakMap<Table | Column, string>()

/** Columns that stand in the JSON of a row inside of another, each made for that place by Drizzle. */
const inJson = new WeakSet<Column>()

/** Has a column be written so that its value comes through JSON as it is. */
export function markInJson(column: Column): void {
  inJson.add(column)
}

/** What has been written. */
interface Written {
  sql: string
  readonly params: unknown[]
}

/** A statement that writes by itself what most statements are made of, and leaves every other piece to Drizzle. */
export class QuickSQL extends SQL {
  static override readonly [entityKind]: string = 'TypystQuickSQL'

  /** The types that Drizzle notes of parameters are for drivers that cannot ask the server; ours can. */
  override buildQueryFromSourceParams(chunks: SQLChunk[], config: Config): Query {
    const { inlineParams = false, paramStartIndex = { value: 0 } } = config
    const written: Written = { sql: '', params: [] }
    this.write(chunks, { ...config, inlineParams, paramStartIndex }, written)
    return written
  }

  private write(chunks: readonly SQLChunk[], config: SharedConfig, to: Written): void {
    for (const chunk of chunks) this.writeChunk(chunk, config, to)
  }

  private writeChunk(chunk: SQLChunk, config: SharedConfig, to: Written): void {
    if (chunk === undefined) return
    if (chunk instanceof StringChunk) to.sql += chunk.value.join('')
    else if (chunk instanceof Param && !config.inlineParams) this.writeParam(chunk, config, to)
    else if (Array.isArray(chunk)) this.writeList(chunk, config, to)
    else if (chunk instanceof SQL) this.writeNested(chunk, config, to)
    else if (chunk instanceof Column || chunk instanceof Table) this.writeName(chunk, config, to)
    else if (chunk instanceof Name) to.sql += config.escapeName(chunk.value)
    else this.writeByDrizzle(chunk, config, to)
  }

  private writeParam(param: Param, config: SharedConfig, to: Written): void {
    const { value, encoder } = param
    if (is(value, Placeholder)) {
      this.writeByDrizzle(param, config, to)
      return
    }
    const mapped: unknown = value === null ? null : encodeValue(encoder, value)
    if (is(mapped, SQL)) {
      this.writeNested(mapped, config, to)
      return
    }
    to.sql += config.escapeParam(config.paramStartIndex.value++, mapped)
    to.params.push(mapped)
  }

  private writeList(list: readonly SQLChunk[], config: SharedConfig, to: Written): void {
    to.sql += '('
    let separator = ''
    for (const chunk of list) {
      to.sql += separator
      this.writeChunk(chunk, config, to)
      separator = ', '
    }
    to.sql += ')'
  }

  private writeNested(nested: SQL, config: SharedConfig, to: Written): void {
    const isInlined = config.inlineParams || nested['shouldInlineParams'] === true
    this.write(
      nested.queryChunks,
      isInlined === config.inlineParams ? config : { ...config, inlineParams: isInlined },
      to,
    )
  }

  private writeName(named: Table | Column, config: SharedConfig, to: Written): void {
    // The columns of an index go by another name.
    if (config.invokeSource) {
      this.writeByDrizzle(named, config, to)
      return
    }
    let name = names.get(named)
    if (name === undefined) {
      name = super.buildQueryFromSourceParams([named], config).sql
      if (named instanceof Column && inJson.has(named)) name = writeNested(named, name)
      names.set(named, name)
    }
    to.sql += name
  }

  private writeByDrizzle(chunk: SQLChunk, config: SharedConfig, to: Written): void {
    const { sql, params } = super.buildQueryFromSourceParams([chunk], config)
    to.sql += sql
    for (const param of params) to.params.push(param)
  }
}

/** Exports all collections, settings and entries. */
import type { SqlExecutor } from '../../internal/sql-connection.ts'
import { chunksOf, streamOf } from './byte-streams.ts'
import { encrypt } from './encryption.ts'
import { endLine, headLine, noRows, rowLine } from './export-format.ts'

/** How an export is made. */
export interface ExportOptions {
  /**
   * Encrypts the export. There is no way to open it without.
   *
   * @defaultValue not encrypted
   */
  readonly passphrase?: string | undefined
}

/** How much is read at a time: this many entries, or less when their contents come to this many bytes. */
const pageEntries = 500
const pageBytes = 2_000_000

/** A gzipped stream of JSON lines, encrypted on request. What changes while it is read may or may not be in it. */
export function exportData(executor: SqlExecutor, { passphrase }: ExportOptions = {}): ReadableStream<Uint8Array> {
  const zipped = streamOf(textLines(executor))
    .pipeThrough(new TextEncoderStream())
    .pipeThrough(new CompressionStream('gzip'))
  return passphrase === undefined ? zipped : streamOf(encrypt(chunksOf(zipped), passphrase))
}

async function* textLines(executor: SqlExecutor): AsyncGenerator<string, void> {
  const counts = noRows()
  const exported = new Set<unknown>()
  yield headLine()
  /** The lines of collections and their settings. */
  const collectionLines = async (condition: string, params: readonly unknown[]): Promise<string> => {
    const { rows } = await executor.queryArrays(
      `select to_json(c.id)::text, row_to_json(c)::text, row_to_json(s)::text from collection c
       left join collection_settings s on s.collection_id = c.id where ${condition} order by c.id`,
      params,
    )
    let lines = ''
    for (const [id, collection, settings] of rows) {
      exported.add(id)
      counts.collection += 1
      lines += rowLine('collection', String(collection))
      if (typeof settings !== 'string') continue
      counts.settings += 1
      lines += rowLine('settings', settings)
    }
    return lines
  }
  yield await collectionLines('true', [])
  let lastId = ''
  for (;;) {
    const { rows } = await executor.queryArrays(readPage, [lastId, pageEntries, pageBytes])
    if (rows.length === 0) break
    // Made since the collections were read.
    const missing = new Set(rows.map(([, collectionId]) => collectionId).filter((id) => !exported.has(id)))
    if (missing.size > 0) yield await collectionLines('c.id = any($1)', [Array.from(missing, readText)])
    // Deleted since, with all its entries.
    const present = rows.filter(([, collectionId]) => exported.has(collectionId))
    counts.entry += present.length
    yield present.map(([, , json]) => rowLine('entry', String(json))).join('')
    lastId = readText(rows.at(-1)?.[0])
  }
  yield endLine(counts)
}

/** Keys come as JSON, because PGlite drops a byte order mark at the beginning of a text of its own. */
function readText(json: unknown): string {
  return typeof json === 'string' ? String(JSON.parse(json)) : ''
}

const readPage = `
  with page as (
    select id, row_number() over (order by id) as number,
      sum(coalesce(octet_length(content), 0)) over (order by id) as bytes
    from (select id, content from entry where id > $1 order by id limit $2) e
  )
  select to_json(e.id)::text, to_json(e.collection_id)::text, row_to_json(e)::text from page p join entry e on e.id = p.id
  where p.number = 1 or p.bytes <= $3 order by e.id`

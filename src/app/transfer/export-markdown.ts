/** Exports each entry as a Markdown file in the folder of its collection. */
import type { SqlExecutor } from '../../internal/sql-connection.ts'
import { createNames } from './file-names.ts'
import { writeFrontMatter } from './front-matter.ts'

/** A Markdown file. */
export interface MarkdownFile {
  /** Where it lies, folders parted by `/`: `Recipes/Soup.md`. */
  readonly path: string
  readonly text: string
}

/** The file that holds a collection itself. */
export const collectionFile = '_collection.md'

/** Begins the fields that are a collection's settings. */
export const settingsPrefix = 'settings.'

/** The field that tells our files from others, which have an `id` too. */
export const kindName = 'typyst'

const kindField = (kind: 'collection' | 'entry'): [string, string | null] => [kindName, kind]

const pageEntries = 200
const pageBytes = 2_000_000

/** The files, collection by collection; memory holds a page of them. */
export async function* exportMarkdown(executor: SqlExecutor): AsyncGenerator<MarkdownFile, void> {
  const folderName = createNames([])
  const { rows } = await executor.queryArrays(
    `select row_to_json(c)::text, row_to_json(s)::text from collection c
     left join collection_settings s on s.collection_id = c.id order by c.id`,
  )
  for (const [collectionJson, settings] of rows) {
    const collection = parseRow(collectionJson)
    const folder = folderName(collection['name'] ?? '')
    const settingsFields = Object.entries(parseRow(settings)).map(
      ([key, value]) => [settingsPrefix + key, value] as const,
    )
    yield {
      path: `${folder}/${collectionFile}`,
      text: writeFrontMatter([kindField('collection'), ...Object.entries(collection), ...settingsFields], ''),
    }
    yield* entriesOf(executor, collection['id'], folder)
  }
}

async function* entriesOf(executor: SqlExecutor, id: unknown, folder: string): AsyncGenerator<MarkdownFile, void> {
  const fileName = createNames([collectionFile.replace('.md', '')])
  let after = ['-infinity', '']
  for (;;) {
    const { rows } = await executor.queryArrays(readPage, [id, ...after, pageEntries, pageBytes])
    for (const [json] of rows) {
      const { content, ...row } = parseRow(json)
      after = [row['created_at'] ?? '', row['id'] ?? '']
      const fields = [kindField('entry'), ...Object.entries(row)]
      // An entry without content is told from one whose content is empty.
      if (content === null) fields.push(['content', null])
      yield { path: `${folder}/${fileName(row['title'] ?? '')}.md`, text: writeFrontMatter(fields, content ?? '') }
    }
    if (rows.length === 0) return
  }
}

/** A row as JSON, because PGlite drops a byte order mark at the beginning of a text of its own. */
function parseRow(json: unknown): Record<string, string | null> {
  return typeof json === 'string' ? (JSON.parse(json) as Record<string, string | null>) : {}
}

const readPage = `
  with page as (
    select id, row_number() over (order by created_at, id) as number,
      sum(coalesce(octet_length(content), 0)) over (order by created_at, id) as bytes
    from (
      select id, created_at, content from entry
      where collection_id = $1 and (created_at, id) > ($2::timestamptz, $3) order by created_at, id limit $4
    ) e
  )
  select row_to_json(e)::text
  from page p join entry e on e.id = p.id where p.number = 1 or p.bytes <= $5 order by p.number`

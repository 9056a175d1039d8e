/** Imports Markdown files: our own as the entries they were, others as new entries, whole. */
import { getTableColumns } from 'drizzle-orm'
import { fieldsOf, text as anyText } from '../../internal/argument-readers.ts'
import { checkValue } from '../../internal/check-arguments.ts'
import type { SqlConnection, SqlExecutor } from '../../internal/sql-connection.ts'
import { createId } from '../create-id.ts'
import { kindName, settingsPrefix } from './export-markdown.ts'
import type { MarkdownFile } from './export-markdown.ts'
import { readFrontMatter, writeFrontMatter } from './front-matter.ts'
import type { FrontMatter } from './front-matter.ts'
import type { ImportEntriesOptions } from './import-entries.ts'
import { insertRows, tables } from './insert-rows.ts'
import type { ConflictPolicy, ImportCounts, RowJson, TableName } from './insert-rows.ts'
import { createRowWriter } from './row-writer.ts'

/** How Markdown files are imported. */
export interface ImportMarkdownOptions extends ImportEntriesOptions {
  /**
   * The collection of files that lie in no folder.
   *
   * @defaultValue `Notes`
   */
  readonly rootCollection?: string | undefined
}

const markdownFile = fieldsOf<MarkdownFile>({ path: anyText, text: anyText })

/** Writes the files batch by batch; the counts are those of entries. */
export async function importMarkdown(
  connection: SqlConnection,
  files: AsyncIterable<MarkdownFile> | Iterable<MarkdownFile>,
  { allOrNothing = false, rootCollection = 'Notes', ...options }: ImportMarkdownOptions = {},
): Promise<ImportCounts> {
  const write = async (executor: SqlExecutor) => {
    const writer = createRowWriter(executor, options)
    const collections = createCollections(executor, options.conflict ?? 'skip')
    for await (const given of files) {
      const { path, text } = checkValue('A file of importMarkdown()', markdownFile, given)
      const [folder, file] = splitPath(path)
      const matter = readFrontMatter(text)
      const id = matter?.fields.get('id')
      const kind = typeof id === 'string' ? matter?.fields.get(kindName) : undefined
      if (matter && typeof id === 'string' && kind === 'collection') {
        await collections.add(folder, id, matter.fields)
      } else if (matter && kind === 'entry') {
        const { fields } = matter
        const body = withForeignFields(matter)
        const collectionId = await collections.idOf(folder || rootCollection, fields.get('collection_id') ?? undefined)
        const content = fields.has('content') && body === '' ? null : body
        const title = fields.get('title') ?? titleOf(file)
        await writer.add('entry', { ...rowOf('entry', fields), title, content, collection_id: collectionId })
      } else {
        const collectionId = await collections.idOf(folder || rootCollection, undefined)
        const title = matter?.fields.get('title') ?? titleOf(file)
        await writer.add('entry', { id: createId(), title, content: text, collection_id: collectionId })
      }
    }
    return writer.finish()
  }
  return allOrNothing ? connection.transaction(write) : write(connection)
}

interface Collections {
  /** Writes the collection that a folder's own file holds. */
  add(folder: string, id: string, fields: ReadonlyMap<string, string | null>): Promise<void>
  /** The key of a folder's collection, which is made when there is none. */
  idOf(folder: string, knownId: string | undefined): Promise<string>
}

function createCollections(executor: SqlExecutor, conflict: ConflictPolicy): Collections {
  const present = new Set<string>()
  /** Made for an entry whose collection's own file is still to come. */
  const provisional = new Set<string>()
  const idByFolder = new Map<string, string>()
  const insert = (table: TableName, row: RowJson, policy: ConflictPolicy) =>
    insertRows(executor, table, [JSON.stringify(row)], policy)
  const make = async (id: string, name: string) => {
    const { inserted } = await insert('collection', { id, name }, 'skip')
    if (inserted > 0) provisional.add(id)
    present.add(id)
    return id
  }
  return {
    async add(folder, id, fields) {
      const policy = provisional.delete(id) ? 'replace' : conflict
      await insert('collection', { ...rowOf('collection', fields), name: fields.get('name') ?? folder }, policy)
      const settings = rowOf('settings', fields, settingsPrefix)
      if (typeof settings['id'] === 'string') await insert('settings', settings, policy)
      present.add(id)
      idByFolder.set(folder, id)
    },
    async idOf(folder, knownId) {
      if (knownId !== undefined) return present.has(knownId) ? knownId : make(knownId, folder)
      const known = idByFolder.get(folder)
      if (known !== undefined) return known
      const { rows } = await executor.queryArrays(
        'select to_json(id)::text from collection where name = $1 and deleted_at is null order by id limit 1',
        [folder],
      )
      const found = rows[0]?.[0]
      // As JSON, because PGlite drops a byte order mark at the beginning of a text of its own.
      const id = typeof found === 'string' ? String(JSON.parse(found)) : await make(createId(), folder)
      idByFolder.set(folder, id)
      return id
    },
  }
}

function rowOf(table: TableName, fields: ReadonlyMap<string, string | null>, prefix = ''): Record<string, unknown> {
  const names = Object.values(getTableColumns(tables[table])).map(({ name }) => name)
  return Object.fromEntries(names.map((name) => [name, fields.get(prefix + name) ?? null]))
}

/** What somebody added to the fields of our files goes where front matter of others does: into the text. */
function withForeignFields({ fields, body }: FrontMatter): string {
  const own = new Set([kindName, ...Object.values(getTableColumns(tables.entry)).map(({ name }) => name)])
  const foreign = [...fields].filter(([name]) => !own.has(name))
  return foreign.length > 0 ? writeFrontMatter(foreign, body) : body
}

function splitPath(path: string): [folder: string, file: string] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  return [parts.slice(0, -1).join('/'), parts.at(-1) ?? '']
}

function titleOf(file: string): string {
  return file.replace(/\.(md|markdown|txt)$/i, '')
}

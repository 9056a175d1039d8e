/** Imports Markdown files: our own as the entries they were, others as new entries, whole. */
import { getTableColumns } from 'drizzle-orm'
import { fieldsOf, text as textArgument } from '../../internal/argument-readers.ts'
import { checkValue } from '../../internal/check-arguments.ts'
import type { SqlConnection } from '../../internal/sql-connection.ts'
import { createId } from '../create-id.ts'
import { longestTexts } from '../data/field-rules.ts'
import { problemOf } from './check-row.ts'
import { kindName, settingsPrefix } from './export-markdown.ts'
import type { MarkdownFile } from './export-markdown.ts'
import { readFrontMatter, writeFrontMatter } from './front-matter.ts'
import type { FrontMatter } from './front-matter.ts'
import type { ImportEntriesOptions } from './import-entries.ts'
import { insertRows, tables } from './insert-rows.ts'
import type { Conflict, ConflictPolicy, ImportCounts, RowJson, TableName } from './insert-rows.ts'
import { createOwnerKeeper } from './keep-owners.ts'
import type { OwnerKeeper } from './keep-owners.ts'
import { createRowWriter, invalidRow } from './row-writer.ts'
import type { InTransaction } from './row-writer.ts'

/** How Markdown files are imported. */
export interface ImportMarkdownOptions extends ImportEntriesOptions {
  /**
   * The collection of files that lie in no folder.
   *
   * @defaultValue `Notes`
   */
  readonly rootCollection?: string | undefined
  /**
   * The user who gets what files of others become, and whose collections they join by the folder's name; `null` for
   * nobody. Files that `exportMarkdown` made say themselves whose they are.
   *
   * @defaultValue `null`
   */
  readonly as?: string | null | undefined
}

const markdownFile = fieldsOf<MarkdownFile>({ path: textArgument, text: textArgument })

/** Writes the files batch by batch; the counts are those of entries. */
export async function importMarkdown(
  connection: SqlConnection,
  files: AsyncIterable<MarkdownFile> | Iterable<MarkdownFile>,
  { allOrNothing = false, rootCollection = 'Notes', as, ...options }: ImportMarkdownOptions = {},
): Promise<ImportCounts> {
  const write = async (inTransaction: InTransaction) => {
    const owners = createOwnerKeeper()
    const writer = createRowWriter(inTransaction, owners, options)
    const collections = createCollections(inTransaction, owners, options.conflict ?? 'skip', as)
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
        const owner = fields.get('user_id') ?? null
        const known = fields.get('collection_id') ?? undefined
        const collectionId = await collections.idOf(folder || rootCollection, known, owner)
        const content = fields.has('content') && body === '' ? null : body
        const title = fields.get('title') ?? titleOf(file)
        await writer.add('entry', { ...rowOf('entry', fields), title, content, collection_id: collectionId })
      } else {
        const collectionId = await collections.idOf(folder || rootCollection, undefined, as ?? null)
        const title = matter?.fields.get('title') ?? titleOf(file)
        const row = { id: createId(), title, content: text, collection_id: collectionId }
        // Without an owner it goes to its collection's.
        await writer.add('entry', as === undefined ? row : { ...row, user_id: as })
      }
    }
    return writer.finish()
  }
  const each: InTransaction = (work) => connection.transaction(work)
  return allOrNothing ? each((tx) => write((work) => work(tx))) : write(each)
}

interface Collections {
  /** Writes the collection that a folder's own file holds. */
  add(folder: string, id: string, fields: ReadonlyMap<string, string | null>): Promise<void>
  /** The key of a folder's collection, which is made for an owner when there is none. */
  idOf(folder: string, knownId: string | undefined, owner: string | null): Promise<string>
}

function createCollections(
  inTransaction: InTransaction,
  owners: OwnerKeeper,
  conflict: ConflictPolicy,
  as: string | null | undefined,
): Collections {
  const present = new Set<string>()
  /** Made for an entry whose collection's own file is still to come. */
  const provisional = new Set<string>()
  const idByFolder = new Map<string, string>()
  const insert = async (table: TableName, row: RowJson, how: Conflict) => {
    const problem = problemOf(table, row)
    if (problem) throw invalidRow('The file of a collection', problem)
    return inTransaction(async (executor) => {
      const [changes] = await owners.settle(executor, table, [row])
      return insertRows(executor, table, [JSON.stringify({ ...row, ...changes })], how)
    })
  }
  const make = async (id: string, name: string, owner: string | null) => {
    const row = { id, name: cut(name, longestTexts.collection.name), user_id: owner }
    const { inserted } = await insert('collection', row, { policy: 'skip' })
    if (inserted > 0) provisional.add(id)
    present.add(id)
    return id
  }
  return {
    async add(folder, id, fields) {
      const row = { ...rowOf('collection', fields), name: fields.get('name') ?? folder }
      const isOurs = provisional.delete(id)
      await insert('collection', row, isOurs ? { policy: 'replace', withOwner: true } : { policy: conflict })
      const settings = rowOf('settings', fields, settingsPrefix)
      if (typeof settings['id'] === 'string') await insert('settings', settings, { policy: conflict })
      present.add(id)
      idByFolder.set(folder, id)
    },
    async idOf(folder, knownId, owner) {
      if (knownId !== undefined) return present.has(knownId) ? knownId : make(knownId, folder, owner)
      const known = idByFolder.get(folder)
      if (known !== undefined) return known
      const { rows } = await inTransaction((executor) =>
        executor.queryArrays(findByName, [cut(folder, longestTexts.collection.name), as ?? null]),
      )
      const found = rows[0]?.[0]
      // As JSON, because PGlite drops a byte order mark at the beginning of a text of its own.
      const id = typeof found === 'string' ? String(JSON.parse(found)) : await make(createId(), folder, as ?? null)
      idByFolder.set(folder, id)
      return id
    },
  }
}

/** Of one owner only: what belongs to one user must not end up with another for the sake of a name. */
const findByName = `
  select to_json(id)::text from collection
  where name = $1 and user_id is not distinct from $2::text and deleted_at is null order by id limit 1`

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
  return cut(file.replace(/\.(md|markdown|txt)$/i, ''), longestTexts.entry.title)
}

/** The beginning of a text that came from a path, which is longer than any name. */
function cut(text: string, max: number): string {
  return text.length <= max ? text : text.slice(0, max).replace(/\p{Surrogate}$/u, '')
}

/** Works off the entries whose words changed, a batch at a time. */
import { isTypystDbError } from '../../errors.ts'
import type { SqlExecutor } from '../../internal/sql-connection.ts'
import { searchedCharacters, toDocument } from './document.ts'
import { noteInserted } from './note-inserted.ts'

/** How many entries share a bucket: enough that few buckets need be asked, few enough that one is read in a moment. */
const bucketEntries = 1024

/** How much one batch takes; others wait while it is written. */
export interface IndexBatch {
  readonly entries: number
  readonly bytes: number
}

const fullBatch: IndexBatch = { entries: 256, bytes: 500_000 }

/** Until this the list of pending entries need not be vacuumed: a search reads it within a millisecond. */
const pendingBytes = 256 * 1024

/**
 * Indexes the oldest pending entries.
 *
 * An entry that changes between the two statements is pending anew, in another row, which this does not remove.
 *
 * @returns How many pending rows were worked off, 0 when there are none.
 */
export async function indexPending(executor: SqlExecutor, batch: IndexBatch = fullBatch): Promise<number> {
  await noteInserted(executor)
  const { rows } = await executor.queryArrays(readBatch, [batch.entries, batch.bytes, searchedCharacters])
  if (rows.length === 0) return 0
  const [[, , , , , newest, inNewest] = []] = rows
  let bucket = Number(newest ?? 0)
  let room = bucketEntries - Number(inNewest)
  const documentsById = new Map<string, { bucket: number; document: string }>()
  for (const [, , key, title, content] of rows) {
    // Deleted since.
    if (typeof key !== 'string' || typeof title !== 'string') continue
    const id = String(JSON.parse(key))
    // Listed twice.
    if (documentsById.has(id)) continue
    if (room <= 0) {
      bucket += 1
      room = bucketEntries
    }
    room -= 1
    documentsById.set(id, { bucket, document: documentOf(bucket, title, typeof content === 'string' ? content : '') })
  }
  const worked = rows.map(([place, version, key]) => {
    const id = typeof key === 'string' ? String(JSON.parse(key)) : undefined
    const document = id === undefined ? undefined : documentsById.get(id)
    return { place, version, document: id === undefined || !document ? undefined : { id, ...document } }
  })
  await writeDocuments(executor, worked)
  // Postgres leaves both to autovacuum, which PGlite has not: new words would be read from end to end by each search.
  const { rows: sizes } = await executor.queryArrays(
    "select gin_clean_pending_list('entry_search_document_idx'), pg_relation_size('entry_search_pending')",
  )
  const isLastBatch = rows.length < batch.entries
  if (isLastBatch && Number(sizes[0]?.[1]) > pendingBytes) await executor.exec('vacuum entry_search_pending')
  return rows.length
}

/** A row of the list, and what it makes of its entry unless that was deleted since. */
interface Worked {
  readonly place: unknown
  readonly version: unknown
  readonly document: IndexedDocument | undefined
}

interface IndexedDocument {
  readonly id: string
  readonly bucket: number
  readonly document: string
}

/** Writes all, or when Postgres refuses one of them, each by itself: an entry that cannot be indexed is left out alone. */
async function writeDocuments(executor: SqlExecutor, worked: readonly Worked[]): Promise<void> {
  // Listed twice, it is written once.
  const documents = new Map(worked.flatMap(({ document }) => (document ? [[document.id, document]] : [])))
  try {
    await executor.query(writeBatch, [
      worked.map(({ place }) => place),
      worked.map(({ version }) => version),
      [...documents.keys()],
      Array.from(documents.values(), ({ bucket }) => bucket),
      Array.from(documents.values(), ({ document }) => document),
    ])
  } catch (cause) {
    const [only] = documents.values()
    const isRefused = isTypystDbError(cause) && (cause.code === 'LIMIT_EXCEEDED' || cause.code === 'INVALID_INPUT')
    if (!isRefused || !only || (documents.size === 1 && only.document === '')) throw cause
    if (documents.size === 1) {
      await writeDocuments(
        executor,
        worked.map((row) => ({ ...row, document: { ...only, document: '' } })),
      )
    } else {
      for (const row of worked) await writeDocuments(executor, [row])
    }
  }
}

/** The document of an entry, empty when its text is too much for the one who cuts it. */
function documentOf(bucket: number, title: string, content: string): string {
  try {
    return toDocument(bucket, title, content)
  } catch (cause) {
    if (cause instanceof RangeError) return ''
    throw cause
  }
}

/** Whether no entry is pending. */
export async function isIndexComplete(executor: SqlExecutor): Promise<boolean> {
  await noteInserted(executor)
  const { rows } = await executor.queryArrays('select not exists (select from entry_search_pending)')
  return rows[0]?.[0] === true
}

/**
 * The first rows of the list until their texts come to a size, with what the newest bucket holds. Keys come as JSON,
 * because PGlite drops a byte order mark at the beginning of a text of its own. Entries are looked up one by one: Postgres would
 * read all of them, once it has made a plan for any limit.
 */
const readBatch = `
  with pending as materialized (
    select ctid, xmin, entry_id from entry_search_pending limit $1
  ), sized as (
    select p.ctid::text as place, p.xmin::text as version, e.id, e.title, e.content,
      sum(least(coalesce(octet_length(e.content), 0), $3::int)) over (order by p.ctid rows unbounded preceding) as bytes,
      row_number() over (order by p.ctid) as number
    from pending p
    left join lateral (select e.id, e.title, e.content from entry e where e.id = p.entry_id offset 0) e on true
  )
  select place, version, to_json(id)::text, left(title, $3::int), left(content, $3::int), newest.bucket,
    (select count(*)::int from entry_search s where s.bucket = newest.bucket)
  from sized cross join (select max(bucket) as bucket from entry_search) newest
  where bytes <= $2 or number = 1
  order by number`

/**
 * Removes just the rows that were read, and writes the entries that are still there. Rows that are gone were worked off by
 * somebody else, who may have read something newer: what was read here is worth nothing then.
 */
const writeBatch = `
  with done as (
    delete from entry_search_pending p
    using unnest($1::text[], $2::text[]) as r(place, version)
    where p.ctid = r.place::tid and p.xmin::text = r.version
    returning p.entry_id
  )
  insert into entry_search (entry_id, bucket, document)
  select e.id, d.bucket, d.document::tsvector
  from unnest($3::text[], $4::int[], $5::text[]) as d(id, bucket, document)
  cross join lateral (select e.id from entry e where e.id = d.id offset 0) e
  where d.id in (select entry_id from done)
  on conflict (entry_id) do update set bucket = excluded.bucket, document = excluded.document`

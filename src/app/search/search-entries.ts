/** The statement of a search. */
import { readMoment } from '../../internal/moments.ts'
import type { SqlExecutor } from '../../internal/sql-connection.ts'
import { bucketPrefixSql, searchedCharacters } from './document.ts'
import { bucketPlaceholder } from './query.ts'
import type { SearchQuery } from './query.ts'
import { excessMarksSql } from './terms.ts'

/** Which entries are searched, and which page of them is wanted. */
export interface SearchScope {
  readonly limit: number
  readonly offset: number
  readonly collectionId?: string | undefined
  /** `null` for entries of nobody. */
  readonly userId?: string | null | undefined
  readonly includeDeleted: boolean
}

/** An entry that was found, as the database gives it. */
export interface FoundEntry {
  readonly id: string
  readonly title: string
  readonly content: string
  readonly collectionId: string
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly deletedAt: Date | null
  readonly rank: number
}

/**
 * How many of the newest matches are ranked among one another, before the next as many. A word that is in every entry would
 * have them all ranked otherwise.
 */
const rankedMatches = 200

/** Made once, when a run is first searched for. */
let excessMarks: string | undefined

/** Finds one entry more than asked for, which tells that there is another page. */
export async function searchEntries(
  executor: SqlExecutor,
  query: SearchQuery,
  scope: SearchScope,
): Promise<FoundEntry[]> {
  const params: unknown[] = []
  const param = (value: unknown, type: string): string => `$${params.push(value)}::${type}`
  const filters = [
    ...(scope.includeDeleted ? [] : ['e.deleted_at is null']),
    ...(scope.collectionId === undefined ? [] : [`e.collection_id = ${param(scope.collectionId, 'text')}`]),
    ...(scope.userId === undefined
      ? []
      : [scope.userId === null ? 'e.user_id is null' : `e.user_id = ${param(scope.userId, 'text')}`]),
    ...query.runs.map(
      (run) =>
        `position(${param(run, 'text')} in normalize(regexp_replace(left(e.title, ${searchedCharacters}) || ' ' || coalesce(left(e.content, ${searchedCharacters}), ''), ${param((excessMarks ??= excessMarksSql()), 'text')}, '\\1', 'g'), NFKD)) > 0`,
    ),
  ]
  const inBucket = (words: string) =>
    `replace(${words}, '${bucketPlaceholder}', ${bucketPrefixSql('b.number')})::tsquery`
  const words = param(query.words, 'text')
  const titleWords = param(query.titleWords, 'text')
  // From the newest bucket to the oldest, until there are enough: what comes first is all that a frequent word costs.
  const matches = (wanted: string) => `
    select m.id, m.rank, (row_number() over () - 1) / ${rankedMatches} as turn from bucket b cross join lateral (
      select s.entry_id as id, ts_rank(s.document, ${inBucket(words)}, 1) as rank
      from (select * from entry_search s where s.document @@ ${inBucket(wanted)} offset 0) s
      cross join lateral (select 1 from entry e where ${['e.id = s.entry_id', ...filters].join(' and ')} offset 0) e
    ) m
    where b.number is not null
    limit ${param(Math.ceil((scope.offset + scope.limit + 1) / rankedMatches) * rankedMatches, 'int')}`
  const { rows } = await executor.queryArrays(
    `with recursive bucket(number) as (
      select max(bucket) from entry_search
      union all
      select (select max(s.bucket) from entry_search s where s.bucket < b.number)
      from bucket b where b.number is not null
    ), matched as (
      (${matches(titleWords)}) union all (${matches(words)})
    ), page as materialized (
      select id, min(turn) as turn, max(rank) as rank from matched group by id order by turn, rank desc, id desc
      limit ${param(scope.limit + 1, 'int')} offset ${param(scope.offset, 'int')}
    )
    select e.* from page p cross join lateral (
      select e.id, e.title, left(e.content, ${searchedCharacters}), e.collection_id,
        e.created_at::text, e.updated_at::text, e.deleted_at::text, p.rank
      from entry e where e.id = p.id offset 0
    ) e
    order by p.turn, p.rank desc, p.id desc`,
    params,
  )
  return rows.map(([id, title, content, collectionId, createdAt, updatedAt, deletedAt, rank]) => ({
    id: String(id),
    title: String(title),
    content: typeof content === 'string' ? content : '',
    collectionId: String(collectionId),
    createdAt: readMoment(String(createdAt)),
    updatedAt: readMoment(String(updatedAt)),
    deletedAt: typeof deletedAt === 'string' ? readMoment(deletedAt) : null,
    rank: Number(rank),
  }))
}

/** Fills the auth tables with generated sessions, and shows how one of them is found. */
import type { Sql } from 'postgres'

/** Inserts sessions, ten to a user, in batches; their tokens are `token-1`, `token-2` and so on. */
export async function generateSessions(sql: Sql, from: number, to: number): Promise<void> {
  const batch = 500_000
  // Generated rows refer to users that are there; checking each of millions would take most of the time.
  await sql`set session_replication_role = replica`
  for (let first = from; first <= to; first += batch) {
    const last = Math.min(first + batch - 1, to)
    await sql`insert into "user" (id, name, email) select 'user-' || number, 'Ada', number || '@example.com'
      from generate_series(${Math.ceil(first / 10)}::int, ${Math.ceil(last / 10)}::int) as number on conflict do nothing`
    await sql`insert into session (id, token, expires_at, user_id)
      select 'session-' || number, 'token-' || number, now() + interval '7 days', 'user-' || ((number + 9) / 10)
      from generate_series(${first}::int, ${last}::int) as number`
  }
  await sql`reset session_replication_role`
  await sql`analyze "user", session`
}

/** The plan of a session check, as text. */
export async function explainSessionCheck(sql: Sql, token: string): Promise<string> {
  const rows = await sql<{ 'QUERY PLAN': string }[]>`explain (analyze, buffers, costs off, timing off, summary off)
    select * from session join "user" on "user".id = session.user_id where token = ${token}`
  return rows.map((row) => row['QUERY PLAN']).join('\n')
}

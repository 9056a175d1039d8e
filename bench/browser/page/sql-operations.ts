/** The timed statements over PGlite: as SQL, and through Drizzle. */
import type { PGliteInterface } from '@electric-sql/pglite'
import { appSchema } from '@typyst/db/schema/app'
import type { AppSchema } from '@typyst/db/schema/app'
import { desc, eq } from 'drizzle-orm'
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'
import type { Operations } from './peer.ts'

/** Plain SQL; many rows travel as one JSON parameter, which is the fastest way into PGlite. */
export function rawOperations(client: Pick<PGliteInterface, 'query'>): Operations {
  return {
    async insert({ id, title, content, collectionId, createdAt }) {
      await client.query(
        'insert into entry (id, title, content, collection_id, created_at) values ($1, $2, $3, $4, $5)',
        [id, title, content, collectionId, createdAt],
      )
    },
    async insertMany(entries) {
      await client.query(
        `insert into entry (id, title, content, collection_id, created_at)
         select id, title, content, "collectionId", "createdAt" from json_to_recordset($1::json)
         as t(id text, title text, content text, "collectionId" text, "createdAt" timestamptz)`,
        [JSON.stringify(entries)],
      )
    },
    async byKey(id) {
      return (await client.query('select * from entry where id = $1', [id])).rows[0]
    },
    async newest(collectionId, count) {
      const { rows } = await client.query(
        'select * from entry where collection_id = $1 order by created_at desc, id desc limit $2',
        [collectionId, count],
      )
      return rows
    },
  }
}

/** The same through Drizzle's query builder, built anew for each call as an app does. */
export function drizzleOperations<THKT extends PgQueryResultHKT>(db: PgDatabase<THKT, AppSchema>): Operations {
  const { entry } = appSchema
  return {
    async insert(values) {
      await db.insert(entry).values(values)
    },
    async insertMany(entries) {
      await db.insert(entry).values([...entries])
    },
    async byKey(id) {
      return (await db.select().from(entry).where(eq(entry.id, id)))[0]
    },
    newest: (collectionId, count) =>
      db
        .select()
        .from(entry)
        .where(eq(entry.collectionId, collectionId))
        .orderBy(desc(entry.createdAt), desc(entry.id))
        .limit(count),
  }
}

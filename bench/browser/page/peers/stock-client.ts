/** What the peers on PGlite's own storage share: our migrations, and Drizzle's own driver. */
import type { PGlite } from '@electric-sql/pglite'
import { appSchema } from '@typyst/db/schema/app'
import { drizzle } from 'drizzle-orm/pglite'
import { appMigrations } from '../../../../src/app/migrations.generated.ts'
import type { OpenPeer } from '../peer.ts'
import { drizzleOperations, rawOperations } from '../sql-operations.ts'

/**
 * Migrates a client and makes a peer of it. One query to see whether there is something to do, and one `exec` to do it: a
 * migrator asks more often, and each query costs PGlite's `idb://` a sync, so this flatters it.
 */
export async function openStockPeer(client: PGlite, countWritten: OpenPeer['countWritten']): Promise<OpenPeer> {
  const { rows } = await client.query<{ migrated: boolean }>(
    `select to_regclass('public.entry') is not null as migrated`,
  )
  if (rows[0]?.migrated !== true) {
    await client.exec(appMigrations.map(({ up }) => up.replaceAll('--> statement-breakpoint', '')).join(';\n'))
  }
  return {
    routes: { drizzle: drizzleOperations(drizzle({ client, schema: appSchema })), raw: rawOperations(client) },
    async addCollection(id) {
      await client.query('insert into collection (id, name) values ($1, $1)', [id])
    },
    close: () => client.close(),
    countWritten,
  }
}

/** Opens and migrates the database of users and sessions: Postgres when there is one, a folder otherwise. */
import { join } from 'node:path'
import { createAuthDatabase } from '@typyst/db/auth'
import type { AuthDatabase } from '@typyst/db/auth'
import type { ServerOptions } from './read-options.ts'

export async function openAuthDatabase({ databaseUrl, dataDir }: ServerOptions): Promise<AuthDatabase> {
  const authDb = createAuthDatabase({ connectionString: databaseUrl, dataDir: join(dataDir, 'auth') })
  await authDb.migrate()
  return authDb
}

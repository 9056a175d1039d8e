/** `@typyst/db/app` as an app uses it. */
import { createAppDatabase } from '@typyst/db/app'
import { countWrittenBytes } from '../count-written.ts'
import type { OpenPeer } from '../peer.ts'
import { drizzleOperations, rawOperations } from '../sql-operations.ts'

/** Opens and migrates. */
export async function openPeer(durability: 'strict' | 'relaxed'): Promise<OpenPeer> {
  const app = createAppDatabase({ dataDir: 'idb://bench', durability })
  await app.ready()
  return {
    routes: { drizzle: drizzleOperations(app.db), raw: rawOperations(app.pgClient) },
    async addCollection(id) {
      await app.db.insert(app.schema.collection).values({ id, name: id })
    },
    close: () => app.close(),
    countWritten() {
      const written = countWrittenBytes()
      return Promise.resolve(() => Promise.resolve(written()))
    },
  }
}

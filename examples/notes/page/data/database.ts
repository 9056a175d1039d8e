/** The database of this browser, which all windows share through a worker. Nothing is opened until its first use. */
import { createAppDatabase } from '@typyst/db/app'

export const app = createAppDatabase({
  dataDir: 'idb://notes',
  worker: () => new Worker(new URL('./database-worker.ts', import.meta.url), { type: 'module' }),
})

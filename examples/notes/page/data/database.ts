/** The database of this browser. Nothing is opened until its first use. */
import { createAppDatabase } from '@typyst/db/app'

export const app = createAppDatabase({ dataDir: 'idb://notes' })

/** The test page's worker, as a consumer's would be. */
import { serveAppDatabase } from '@typyst/db/app/worker'

serveAppDatabase()

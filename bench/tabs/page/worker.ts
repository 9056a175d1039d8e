/** The worker of the tabs benchmark, as an app's is. */
import { serveAppDatabase } from '@typyst/db/app/worker'

serveAppDatabase()

/** The worker that holds the database. */
import { serveAppDatabase } from '@typyst/db/app/worker'

serveAppDatabase()

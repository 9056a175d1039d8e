/** The test page's worker, as a consumer's would be. */
import { serveAppDatabase } from '@typyst/db/app/worker'

serveAppDatabase()

// Stands still without ending, as a worker does whose process the system has stopped.
addEventListener('message', ({ data }: MessageEvent<{ readonly standStillMs?: number }>) => {
  const until = performance.now() + (data.standStillMs ?? 0)
  while (performance.now() < until);
})

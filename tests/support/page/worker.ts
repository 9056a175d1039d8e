/** The test page's worker, as a consumer's would be. */
import { serveAppDatabase } from '@typyst/db/app/worker'

serveAppDatabase()

// Stands still without ending, as a worker does whose process the system has stopped.
addEventListener('message', ({ data }: MessageEvent<{ readonly standStillMs?: number }>) => {
  const until = performance.now() + (data.standStillMs ?? 0)
  while (performance.now() < until);
})

// Has no transaction end from then on, as with a disk that hangs.
addEventListener('message', ({ data }: MessageEvent<{ readonly withholdStorage?: boolean }>) => {
  if (!data.withholdStorage) return
  IDBTransaction.prototype.commit = function (this: IDBTransaction) {
    const keepOpen = () => {
      const [name = ''] = this.objectStoreNames
      this.objectStore(name).count().onsuccess = keepOpen
    }
    keepOpen()
  }
})

/** PGlite on the origin-private file system, which has to run in a worker. */
import type { PGlite } from '@electric-sql/pglite'
import { PGliteWorker } from '@electric-sql/pglite/worker'
import type { OpenPeer } from '../peer.ts'
import { openStockPeer } from './stock-client.ts'

/** Opens and migrates. */
export async function openPeer(): Promise<OpenPeer> {
  const worker = new Worker(new URL('./opfs-worker.ts', import.meta.url), { type: 'module' })
  const client = await PGliteWorker.create(worker, { dataDir: 'opfs-ahp://bench', id: 'bench' })
  const asPGlite = client as unknown as PGlite // Drizzle's driver asks for a `PGlite` and uses what both have.
  return openStockPeer(asPGlite, async () => {
    const channel = new BroadcastChannel('bench-written')
    const ask = () =>
      new Promise<number>((resolve) => {
        channel.onmessage = ({ data }: MessageEvent<unknown>) => {
          if (typeof data === 'number') resolve(data)
        }
        channel.postMessage('how much?')
      })
    await ask()
    return ask
  })
}

/** PGlite with its own IndexedDB storage, or in memory, in the page. */
import { PGlite } from '@electric-sql/pglite'
import { countWrittenBytes } from '../count-written.ts'
import type { OpenPeer } from '../peer.ts'
import { openStockPeer } from './stock-client.ts'

/** Opens and migrates. */
export async function openPeer(dataDir: 'idb://bench' | 'memory://'): Promise<OpenPeer> {
  return openStockPeer(await PGlite.create(dataDir), () => {
    const written = countWrittenBytes()
    return Promise.resolve(() => Promise.resolve(written()))
  })
}

/** Loads the module of a peer and opens its database: nothing of any peer is loaded before. */
import type { PeerName } from '../peers.ts'
import type { OpenPeer } from './peer.ts'

/** Opens a peer by its name. */
export async function openPeer(name: PeerName): Promise<OpenPeer> {
  switch (name) {
    case 'typyst':
      return (await import('./peers/typyst.ts')).openPeer('strict')
    case 'typyst-relaxed':
      return (await import('./peers/typyst.ts')).openPeer('relaxed')
    case 'stock':
      return (await import('./peers/stock.ts')).openPeer('idb://bench')
    case 'memory':
      return (await import('./peers/stock.ts')).openPeer('memory://')
    case 'opfs-ahp':
      return (await import('./peers/opfs.ts')).openPeer()
    case 'dexie':
      return (await import('./peers/dexie.ts')).openPeer('default')
    case 'dexie-strict':
      return (await import('./peers/dexie.ts')).openPeer('strict')
  }
}

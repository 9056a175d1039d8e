/** The page: opens the peer named in its address, and measures what it is told to. */
import type { RoundFigures } from '../../browser/figures.ts'
import type { PeerName } from '../peers.ts'
import { measureImport, measureRoutes } from './measure.ts'
import type { DataPeer } from './peer.ts'

let peer: DataPeer | undefined
let readmes: readonly string[] = []

const opened = (): DataPeer => {
  if (!peer) throw new Error('open() first')
  return peer
}

const bench = {
  async open(name: PeerName, texts: readonly string[]): Promise<void> {
    readmes = texts
    if (name === 'dexie') peer = await (await import('./peers/dexie.ts')).openPeer()
    else peer = await (await import('./peers/typyst.ts')).openPeer(name === 'typyst' ? 'package' : 'by hand')
  },
  importNotes: (from: number, to: number): Promise<RoundFigures> => measureImport(opened(), readmes, from, to),
  measure: (isLarge: boolean): Promise<RoundFigures> => measureRoutes(opened(), isLarge),
}

declare global {
  interface Window {
    dataBench: typeof bench
  }
}

window.dataBench = bench

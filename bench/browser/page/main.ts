/** The page: opens the peer named in its address as soon as it can, and waits for what is to be measured. */
import { peerNames } from '../peers.ts'
import type { OpeningFigures, Route } from '../peers.ts'
import { collectionId } from './entries.ts'
import { countInsertBytes, timeBulk, timeStatements } from './measure.ts'
import { openPeer } from './open-peer.ts'
import type { OpenPeer } from './peer.ts'

const wanted = new URL(location.href).searchParams.get('peer')
const name = peerNames.find((known) => known === wanted)

interface Opening {
  readonly peer: OpenPeer
  readonly figures: OpeningFigures
}

async function open(): Promise<Opening> {
  if (!name) throw new Error('The address names no peer.')
  const start = performance.now()
  const peer = await openPeer(name)
  await peer.routes.raw.newest(collectionId, 1)
  const end = performance.now()
  return { peer, figures: { callMs: end - start, navigationMs: end } }
}

const opening = name ? open() : undefined

async function opened(): Promise<Opening> {
  if (!opening) throw new Error('The address names no peer.')
  return opening
}

const bench = {
  openingFigures: async () => (await opened()).figures,
  addCollection: async () => (await opened()).peer.addCollection(collectionId),
  timeBulk: async (route: Route, from: number, to: number) => timeBulk((await opened()).peer, route, from, to),
  timeStatements: async (present: number) => timeStatements((await opened()).peer, present),
  countInsertBytes: async (present: number) => countInsertBytes((await opened()).peer, present),
  close: async () => (await opened()).peer.close(),
  /** Bytes this origin stores. */
  storedBytes: async () => (await navigator.storage.estimate()).usage ?? 0,
  /** Puts files into the HTTP cache. */
  async warm(files: readonly string[]) {
    for (const file of files) await (await fetch(file)).arrayBuffer()
  },
}

declare global {
  interface Window {
    bench: typeof bench
  }
}

window.bench = bench

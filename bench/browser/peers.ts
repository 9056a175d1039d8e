/** The databases that are measured side by side, and what a page of one of them can be asked. */

/** Every peer, in the order of the table's columns. */
export const peerNames = ['typyst', 'typyst-relaxed', 'stock', 'opfs-ahp', 'memory', 'dexie', 'dexie-strict'] as const

/** One of the databases. */
export type PeerName = (typeof peerNames)[number]

/** What the table calls each peer. */
export const peerTitles: Readonly<Record<PeerName, string>> = {
  typyst: '`@typyst/db`, strict',
  'typyst-relaxed': '`@typyst/db`, relaxed',
  stock: 'PGlite `idb://`',
  'opfs-ahp': 'PGlite `opfs-ahp://`, worker',
  memory: 'PGlite in memory',
  dexie: 'Dexie',
  'dexie-strict': 'Dexie, strict',
}

/** How a statement is written. Dexie has no SQL, so it has one route only, `raw`. */
export type Route = 'drizzle' | 'raw'

/** How long an opening took, in milliseconds. */
export interface OpeningFigures {
  /** From the call that opens, with nothing but the page's few own lines loaded, to the first row. */
  readonly callMs: number
  /** From the start of the navigation to the same row. */
  readonly navigationMs: number
}

/** Median latencies of one route, in milliseconds. */
export interface LatencyFigures {
  readonly insertMs: number
  readonly selectMs: number
  readonly newestMs: number
}

/** The ratios this package has to reach, and whether it does. */
import type { Figures } from './figures.ts'
import type { PeerName } from './peers.ts'

interface Floor {
  readonly title: string
  readonly figure: string
  readonly against: PeerName
  /** The largest ratio that will do. */
  readonly atMost: number
}

/** A floor and what was measured. */
export interface JudgedFloor extends Floor {
  readonly ratio: number
  readonly isReached: boolean
}

const floors: readonly Floor[] = [
  { title: 'insert, Drizzle', figure: 'insert-drizzle', against: 'stock', atMost: 1 / 30 },
  { title: 'insert, raw', figure: 'insert-raw', against: 'stock', atMost: 1 / 40 },
  { title: 'insert, Drizzle', figure: 'insert-drizzle', against: 'dexie-strict', atMost: 1.2 },
  { title: 'insert, raw', figure: 'insert-raw', against: 'dexie-strict', atMost: 1.2 },
  { title: 'select by key, Drizzle', figure: 'select-drizzle', against: 'stock', atMost: 1 / 50 },
  { title: 'select by key, raw', figure: 'select-raw', against: 'stock', atMost: 1 / 50 },
  { title: 'select by key, Drizzle', figure: 'select-drizzle', against: 'dexie', atMost: 2 },
  { title: 'select by key, raw', figure: 'select-raw', against: 'dexie', atMost: 2 },
  { title: 'newest 50, Drizzle', figure: 'newest-drizzle', against: 'stock', atMost: 1 / 20 },
  { title: 'newest 50, raw', figure: 'newest-raw', against: 'stock', atMost: 1 / 20 },
  { title: 'newest 50, Drizzle', figure: 'newest-drizzle', against: 'dexie', atMost: 2 },
  { title: 'newest 50, raw', figure: 'newest-raw', against: 'dexie', atMost: 2 },
  { title: 'first open', figure: 'first-open', against: 'stock', atMost: 1 / 4 },
  { title: 'reopen, 10,000', figure: 'reopen-10000', against: 'stock', atMost: 0.6 },
  { title: 'reopen, 50,000', figure: 'reopen-50000', against: 'stock', atMost: 0.7 },
  { title: '10,000 in bulk, Drizzle', figure: 'bulk-drizzle', against: 'stock', atMost: 1 },
  { title: '10,000 in bulk, raw', figure: 'bulk-raw', against: 'stock', atMost: 1 },
  { title: '10,000 in bulk, Drizzle', figure: 'bulk-drizzle', against: 'dexie', atMost: 1 / 2 },
  { title: '10,000 in bulk, raw', figure: 'bulk-raw', against: 'dexie', atMost: 1 / 2 },
]

/** The floors whose both sides were measured. */
export function judgeFloors(figures: Figures): JudgedFloor[] {
  return floors.flatMap((floor) => {
    const [ours, theirs] = [figures.of('typyst', floor.figure), figures.of(floor.against, floor.figure)]
    if (ours === undefined || theirs === undefined) return []
    const ratio = ours / theirs
    return [{ ...floor, ratio, isReached: ratio <= floor.atMost }]
  })
}

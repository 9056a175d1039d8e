/** Collects what each round measured, and gives medians. */
import { median } from './median.ts'
import type { PeerName } from './peers.ts'

/** What one peer showed in one round, by the name of the figure; see round.ts for the names. */
export type RoundFigures = Readonly<Record<string, number>>

/** All rounds. */
export interface Figures<TPeer extends string = PeerName> {
  add(peer: TPeer, round: RoundFigures): void
  /** The median over the rounds. Dexie's one route stands for both. */
  of(peer: TPeer, figure: string): number | undefined
  /** Each round's value, for machines. */
  toJSON(): Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>
}

/** Starts an empty collection. */
export function createFigures<TPeer extends string = PeerName>(): Figures<TPeer> {
  const valuesByPeer = new Map<TPeer, Map<string, number[]>>()
  return {
    add(peer, round) {
      const values = valuesByPeer.get(peer) ?? new Map<string, number[]>()
      valuesByPeer.set(peer, values)
      for (const [figure, value] of Object.entries(round)) values.set(figure, [...(values.get(figure) ?? []), value])
    },
    of(peer, figure) {
      const values = valuesByPeer.get(peer)
      const found = values?.get(figure) ?? values?.get(figure.replace(/-drizzle$/, '-raw'))
      return found && median(found)
    },
    toJSON: () =>
      Object.fromEntries([...valuesByPeer].map(([peer, values]) => [peer, Object.fromEntries([...values])])),
  }
}

/** The options of the command line. */
import { parseArgs } from 'node:util'
import { peerNames } from './peers.ts'
import type { PeerName } from './peers.ts'

/** What to measure, and where to write it. */
export interface BenchOptions {
  readonly rounds: number
  /** How many entries there are when the database is opened again, ascending. */
  readonly sizes: readonly number[]
  readonly peers: readonly PeerName[]
  /** Where to write everything that was measured, for machines. */
  readonly json: string | undefined
  /** A Markdown file whose table is replaced. */
  readonly markdown: string | undefined
}

/** Reads the arguments; throws on one it does not know. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '5' },
      sizes: { type: 'string', default: '0,10000,50000' },
      only: { type: 'string', multiple: true, default: [] },
      json: { type: 'string' },
      markdown: { type: 'string' },
    },
  })
  const only = values.only.flatMap((names) => names.split(','))
  const unknown = only.filter((name) => !peerNames.some((known) => known === name))
  if (unknown.length > 0) throw new Error(`There is no peer "${unknown.join()}", only ${peerNames.join(', ')}.`)
  return {
    rounds: toCount(values.rounds),
    sizes: values.sizes
      .split(',')
      .map(toCount)
      .sort((left, right) => left - right),
    peers: only.length === 0 ? peerNames : peerNames.filter((name) => only.includes(name)),
    json: values.json,
    markdown: values.markdown,
  }
}

function toCount(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 0) throw new Error(`"${text}" is not a count.`)
  return count
}

/** `npm run bench:data`: lists, search, live queries, imports and exports beside hand-written Drizzle and Dexie. */
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createFigures } from '../browser/figures.ts'
import { serveBenchPage } from '../browser/serve-page.ts'
import { writeBetweenMarkers } from '../browser/write-between-markers.ts'
import { collectReadmes } from '../../tests/examples/collect-readmes.ts'
import { measurePeer } from './measure-peer.ts'
import { peerNames } from './peers.ts'
import type { PeerName } from './peers.ts'
import { dataFloorsTable, dataTable } from './table.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    sizes: { type: 'string', default: '10000,100000' },
    markdown: { type: 'string' },
  },
})
const rounds = Number(values.rounds)
const sizes = values.sizes.split(',').map(Number)
const figures = createFigures<PeerName>()
const readmes = await readAll()
{
  await using site = await serveBenchPage(new URL('page', import.meta.url))
  for (let round = 0; round < rounds; round += 1) {
    // Each round begins with another peer, so that none always follows the same one.
    const first = round % peerNames.length
    for (const peer of [...peerNames.slice(first), ...peerNames.slice(0, first)]) {
      const start = performance.now()
      figures.add(peer, await measurePeer(site, peer, readmes, sizes))
      console.error(`Round ${round + 1}: ${peer}, ${((performance.now() - start) / 1000).toFixed(0)} s`)
    }
    // After each round, so that a long run can be cut short.
    if (values.markdown !== undefined) await writeBetweenMarkers(values.markdown, 'bench:data', report(round + 1))
  }
}
console.log(report(rounds))

function report(measured: number): string {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, ${process.platform}; medians of ${measured} rounds`
  return `${machine}\n\n${dataTable(figures, sizes)}\n\n${dataFloorsTable(figures, sizes)}\n`
}

async function readAll(): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'typyst-bench-readmes-'))
  try {
    const bytesByTitle = await collectReadmes(folder)
    // The same order everywhere, and without a NUL, which Postgres refuses.
    return [...bytesByTitle]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([, bytes]) => bytes.toString('utf8').replaceAll('\0', ''))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

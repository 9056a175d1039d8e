/** `npm run bench:browser`: measures every peer in rounds, and reports. */
import { writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { createFigures } from './figures.ts'
import { judgeFloors } from './floors.ts'
import { readOptions } from './options.ts'
import { measurePeer } from './round.ts'
import { serveBenchPage } from './serve-page.ts'
import { figuresTable, floorsTable } from './tables.ts'
import { writeBetweenMarkers } from './write-between-markers.ts'

const options = readOptions(process.argv.slice(2))
const figures = createFigures()
{
  await using site = await serveBenchPage()
  for (let round = 0; round < options.rounds; round += 1) {
    // Each round begins with another peer, so that none always follows the same one.
    const first = round % options.peers.length
    for (const peer of [...options.peers.slice(first), ...options.peers.slice(0, first)]) {
      const start = performance.now()
      figures.add(peer, await measurePeer(site, peer, options.sizes))
      console.error(`Round ${round + 1}: ${peer}, ${((performance.now() - start) / 1000).toFixed(0)} s`)
    }
    // After each round, so that a long run can be cut short.
    await write(report(round + 1))
  }
}
console.log(report(options.rounds))

function report(rounds: number): string {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, ${process.platform}; medians of ${rounds} rounds`
  return `${machine}\n\n${figuresTable(figures, options)}\n\n${floorsTable(judgeFloors(figures))}\n`
}

async function write(markdown: string): Promise<void> {
  if (options.json !== undefined) {
    await writeFile(options.json, JSON.stringify({ options, figures, floors: judgeFloors(figures) }, undefined, 2))
  }
  if (options.markdown !== undefined) await writeBetweenMarkers(options.markdown, 'bench:browser', markdown)
}

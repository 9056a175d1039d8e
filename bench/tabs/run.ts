/** `npm run bench:tabs`: what a query costs through a worker and through another tab, and how fast tabs hear each other. */
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { createFigures } from '../browser/figures.ts'
import { serveBenchPage } from '../browser/serve-page.ts'
import { writeBetweenMarkers } from '../browser/write-between-markers.ts'
import { caseNames, measureCase } from './measure-case.ts'
import type { CaseName } from './measure-case.ts'
import { notificationsTable, statementsTable } from './table.ts'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, markdown: { type: 'string' } },
})
const rounds = Number(values.rounds)
const figures = createFigures<CaseName>()
{
  await using site = await serveBenchPage(new URL('page', import.meta.url))
  for (let round = 0; round < rounds; round += 1) {
    // Each round begins with another case, so that none always follows the same one.
    const first = round % caseNames.length
    for (const name of [...caseNames.slice(first), ...caseNames.slice(0, first)]) {
      figures.add(name, await measureCase(site, name))
    }
  }
}
const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, ${process.platform}; medians of ${rounds} rounds`
const report = `${machine}\n\n${statementsTable(figures)}\n\n${notificationsTable(figures)}\n`
console.log(report)
if (values.markdown !== undefined) await writeBetweenMarkers(values.markdown, 'bench:tabs', report)

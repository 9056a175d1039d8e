/** `npm run bench:browser`: our storage beside PGlite's own and Dexie; `--rounds`, `--only`, `--short`, `--json FILE`. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildPage } from '../../tests/support/build-page.ts'
import { startPageServer } from '../../tests/support/page-server.ts'
import { measure } from './measure.ts'
import type { Measures } from './measure.ts'

const names = ['ours', 'ours, relaxed', 'stock idb', 'opfs-ahp', 'memory', 'dexie', 'dexie, strict']
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', multiple: true, default: names },
    short: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
})

const folder = await mkdtemp(join(tmpdir(), 'typyst-bench-page-'))
await buildPage(folder, new URL('page', import.meta.url))
const server = await startPageServer(folder)
const runs = new Map<string, Measures[]>(values.only.map((name) => [name, []]))
try {
  // Round by round, so that a change of the machine's mood touches all contenders alike.
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const name of values.only) {
      runs.get(name)?.push(await measure(server.url, name, values.short))
      console.error(`round ${round + 1}: ${name}`)
    }
  }
} finally {
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
}

const medians = new Map([...runs].map(([name, all]) => [name, medianOf(all)]))
const keys = [...new Set([...medians.values()].flatMap((measures) => Object.keys(measures)))]
console.log(table(medians, keys))
if (values.json !== undefined) {
  const results = { rounds: Number(values.rounds), cpus: cpus().length, medians: Object.fromEntries(medians) }
  await writeFile(values.json, JSON.stringify(results, undefined, 2))
}

function medianOf(all: readonly Measures[]): Measures {
  return Object.fromEntries(
    Object.keys(all[0] ?? {}).map((key) => {
      const sorted = all.map((measures) => measures[key] ?? 0).sort((left, right) => left - right)
      return [key, sorted[sorted.length >> 1] ?? 0]
    }),
  )
}

/** A Markdown table, with the ratio of ours to each contender in brackets. */
function table(medians: ReadonlyMap<string, Measures>, keys: readonly string[]): string {
  const columns = [...medians.keys()]
  const cell = (name: string, key: string): string => {
    const value = medians.get(name)?.[key]
    if (value === undefined) return ''
    const ours = medians.get('ours')?.[key]
    const ratio = name.startsWith('ours') || !ours || !value ? '' : ` (${(ours / value).toPrecision(2)})`
    const number = key.startsWith('bytes')
      ? `${(value / 1000).toFixed(value < 1_000_000 ? 1 : 0)} KB`
      : `${value.toFixed(value < 10 ? 2 : 0)} ms`
    return number + ratio
  }
  const lines = keys.map((key) => `| ${key} | ${columns.map((name) => cell(name, key)).join(' | ')} |`)
  return [`| | ${columns.join(' | ')} |`, `|---|${columns.map(() => '---:').join('|')}|`, ...lines].join('\n')
}

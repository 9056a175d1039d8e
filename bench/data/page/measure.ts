/** Times what an app does on an open peer; routes take turns. */
import { timed } from '../../browser/page/measure.ts'
import { median } from '../../browser/median.ts'
import type { RoundFigures } from '../../browser/figures.ts'
import { createNoteMaker } from '../notes.ts'
import { typedTexts } from '../peers.ts'
import type { DataPeer, DataRoute } from './peer.ts'

const warmUps = 20
const samples = 100
const liveSamples = 20

/** Imports notes and makes them searchable. */
export async function measureImport(
  peer: DataPeer,
  readmes: readonly string[],
  from: number,
  to: number,
): Promise<RoundFigures> {
  const notes = createNoteMaker(readmes)(from, to)
  // Made before, so that their making is not timed; a hundred thousand are 80 MB.
  const made = [...notes]
  const importMs = await timed(() => peer.importNotes(made))
  const indexMs = peer.completeIndex ? await timed(() => peer.completeIndex?.() ?? Promise.resolve()) : 0
  return { import: importMs, index: indexMs, 'import-and-index': importMs + indexMs }
}

/** Times everything but imports; the figures end in the name of their route. */
export async function measureRoutes(peer: DataPeer, isLarge: boolean): Promise<RoundFigures> {
  const routes = Object.entries(peer.routes)
  const figures: Record<string, number> = {}
  const note = { title: 'Soup', content: '# Soup\n\nSlow readable soup.\n'.repeat(20) }
  const takeTurns = async (figure: string, call: (route: DataRoute) => Promise<unknown>) => {
    const times = new Map(routes.map(([name]) => [name, [] as number[]]))
    for (let round = 0; round < warmUps + samples; round += 1) {
      // Who comes second finds the caches warm.
      for (const [name, route] of round % 2 === 0 ? routes : routes.toReversed()) {
        const ms = await timed(() => call(route))
        if (round >= warmUps) times.get(name)?.push(ms)
      }
    }
    for (const [name, list] of times) figures[`${figure}-${name}`] = median(list)
  }
  await takeTurns('first-page', (route) => route.firstPage())
  await takeTurns('next-page', (route) => route.nextPage())
  await takeTurns('add', (route) => route.add(note))
  for (const [name, route] of routes) {
    Object.assign(figures, await measureSearch(name, route, isLarge))
    for (const limit of [50, 1000]) Object.assign(figures, await measureLive(name, route, limit, note))
    figures[`export-${name}`] = await timed(() => route.exportAll())
  }
  return figures
}

async function measureSearch(name: string, route: DataRoute, isLarge: boolean): Promise<RoundFigures> {
  const isIndexed = name === 'repository'
  // What was added before is indexed by the first search, which nobody types that fast.
  if (isIndexed) await route.search('soup')
  const times: number[] = []
  for (const text of typedTexts) {
    for (let length = 2; length <= text.length; length += isIndexed ? 1 : isLarge ? 6 : 3) {
      const typed = text.slice(0, length).trim()
      if (isIndexed) await route.search(typed)
      times.push(await timed(() => route.search(typed)))
    }
  }
  return { [`search-${name}`]: median(times), [`search-worst-${name}`]: Math.max(...times) }
}

/** From the acknowledgement of an insert to the result that has it, beside the plain query. */
async function measureLive(
  name: string,
  route: DataRoute,
  limit: number,
  note: { readonly title: string; readonly content: string },
): Promise<RoundFigures> {
  if (!route.watch) return {}
  const times = { query: [] as number[], update: [] as number[], total: [] as number[], insert: [] as number[] }
  const seenAt = new Map<string, number>()
  let wake = () => {}
  const stop = route.watch(limit, ([newest]) => {
    if (newest && !seenAt.has(newest.id)) seenAt.set(newest.id, performance.now())
    wake()
  })
  for (let round = -5; round < liveSamples; round += 1) {
    const queryMs = await timed(() => route.newest(limit))
    const start = performance.now()
    const id = await route.add(note)
    const added = performance.now()
    while (!seenAt.has(id)) await new Promise<void>((resolve) => (wake = resolve))
    const end = Math.max(seenAt.get(id) ?? NaN, added)
    // A burst is coalesced; one change at a time is what is measured.
    await new Promise((resolve) => setTimeout(resolve, 150))
    if (round < 0) continue
    times.query.push(queryMs)
    times.insert.push(added - start)
    times.update.push(end - added)
    times.total.push(end - start)
  }
  stop()
  return Object.fromEntries(
    Object.entries(times).map(([figure, list]) => [`live-${figure}-${limit}-${name}`, median(list)]),
  )
}

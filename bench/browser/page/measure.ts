/** Times statements on an open peer, many times each. */
import { median } from '../median.ts'
import type { LatencyFigures, Route } from '../peers.ts'
import { collectionId, entryId, makeEntries, makeEntry } from './entries.ts'
import type { OpenPeer, Operations } from './peer.ts'

const warmUps = 10
const samples = 40

/** How long a call takes, in milliseconds. */
export async function timed(call: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await call()
  return performance.now() - start
}

/** Adds entries `from` up to `to` in one statement. */
export async function timeBulk(peer: OpenPeer, route: Route, from: number, to: number): Promise<number | undefined> {
  const operations = peer.routes[route]
  if (!operations) return undefined
  const entries = makeEntries(from, to)
  return timed(() => operations.insertMany(entries))
}

/**
 * Medians of single statements for each route, which take turns.
 *
 * @param present - How many entries there are. New ones get numbers from here on.
 * @returns The medians, and how many entries there are now.
 */
export async function timeStatements(
  peer: OpenPeer,
  present: number,
): Promise<{ routes: Partial<Record<Route, LatencyFigures>>; present: number }> {
  const routes = Object.entries(peer.routes) as [Route, Operations][]
  const times = new Map(routes.map(([route]) => [route, { insert: [0], select: [0], newest: [0] }]))
  for (const measured of times.values()) for (const list of Object.values(measured)) list.pop()
  let next = present
  const rounds = Array.from({ length: warmUps + samples }, (_, round) => round)
  const takeTurns = async (
    kind: 'insert' | 'select' | 'newest',
    call: (operations: Operations) => Promise<unknown>,
  ) => {
    for (const round of rounds) {
      for (const [route, operations] of routes) {
        const ms = await timed(() => call(operations))
        if (round >= warmUps) times.get(route)?.[kind].push(ms)
      }
    }
  }
  await takeTurns('insert', (operations) => operations.insert(makeEntry(next++)))
  await takeTurns('select', (operations) => operations.byKey(entryId(Math.floor(Math.random() * present))))
  await takeTurns('newest', (operations) => operations.newest(collectionId, 50))
  return {
    routes: Object.fromEntries(
      [...times].map(([route, { insert, select, newest }]) => [
        route,
        { insertMs: median(insert), selectMs: median(select), newestMs: median(newest) },
      ]),
    ),
    present: next,
  }
}

/** Bytes handed to storage per insert, the mean over some; wraps the browser's storage, so it comes last on a page. */
export async function countInsertBytes(peer: OpenPeer, present: number): Promise<number> {
  const inserts = 20
  const written = await peer.countWritten()
  for (let at = present; at < present + inserts; at += 1) await peer.routes.raw.insert(makeEntry(at))
  // What is acknowledged before it is stored is stored by then.
  await new Promise((resolve) => setTimeout(resolve, 500))
  return (await written()) / inserts
}

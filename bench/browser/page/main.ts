/** The benchmark's page: times one contender's operations. */
import type { Contender } from './contender.ts'
import { contenders } from './contenders.ts'

let contender: Contender | undefined

const current = (): Contender => {
  if (!contender) throw new Error('open() first')
  return contender
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

async function median(times: number, work: (at: number) => Promise<unknown>): Promise<number> {
  const all: number[] = []
  for (let at = 0; at < times; at += 1) all.push(await timed(() => work(at)))
  return all.sort((left, right) => left - right)[times >> 1] ?? 0
}

const harness = {
  open(name: string): Promise<number> {
    contender = contenders[name]?.()
    return timed(() => current().open())
  },
  insert: (times: number, prefix: string) => median(times, (at) => current().insert(`${prefix}${at}`)),
  insertRaw: (times: number, prefix: string) =>
    median(times, (at) => (current().insertRaw ?? current().insert)(`${prefix}${at}`)),
  insertMany: (count: number, prefix: string) =>
    timed(() => current().insertMany(Array.from({ length: count }, (_, at) => `${prefix}${at}`))),
  byKey: (times: number, prefix: string) => median(times, (at) => current().byKey(`${prefix}${at * 37}`)),
  newest50: (times: number) => median(times, () => current().newest50()),
  close: () => timed(() => current().close()),
  storedBytes: async () => (await navigator.storage.estimate()).usage ?? 0,
}

declare global {
  interface Window {
    bench: typeof harness
  }
}

window.bench = harness

/** When a leader tells what has happened: nothing that a crash could take back. */
import { beforeAll, expect, it } from 'vitest'
import { openAt } from '../../../src/app/connection/open-at.ts'
import type { OpenedApp } from '../../../src/app/connection/open-at.ts'
import type { Sharing } from '../../../src/app/storage/outcome-log.ts'
import { createEngine } from '../../../src/app/worker/engine.ts'
import type { Engine } from '../../../src/app/worker/engine.ts'
import type { Call } from '../../../src/app/worker/protocol.ts'
import { createDeferred } from '../../../src/internal/deferred.ts'
import type { Deferred } from '../../../src/internal/deferred.ts'

/** Real Postgres on a storage that stores when it is told to. */
let opened: OpenedApp
beforeAll(async () => {
  opened = await openAt(
    { kind: 'memory' },
    {
      durability: 'strict',
      memoryFallback: false,
      onPhase: () => undefined,
      lock: () => Promise.reject(new Error('Memory needs none.')),
    },
  )
  await opened.client.exec('listen notes')
  return () => opened.close()
})

const exec = (text: string): Call => ({
  type: 'exec',
  text,
  options: { textTypes: [], serializedTypes: [], wantsNotices: false },
})

/** An engine, what it has told, and the flushes that wait to be stored. */
function startEngine(): { engine: Engine; told: string[]; flushes: Deferred<undefined>[] } {
  const told: string[] = []
  const flushes: Deferred<undefined>[] = []
  const sharing: Sharing = {
    async keep(perform) {
      const outcome = await perform()
      const flush = createDeferred<undefined>()
      flushes.push(flush)
      await flush.promise
      return outcome !== undefined
    },
    keptOutcomes: () => [],
    forgetBelow: () => undefined,
    flushUrgently: () => undefined,
    abandon: () => undefined,
  }
  const engine = createEngine(
    { ...opened, sharing },
    { transactionIdleTimeoutMs: 10_000, onNotification: (channel, payload) => told.push(`${channel}: ${payload}`) },
  )
  return { engine, told, flushes }
}

const run = (engine: Engine, text: string) => engine.run({ clientId: 'tab', number: 1 }, exec(text), () => undefined)

it('notifies when the change is stored, before it is acknowledged', async () => {
  const { engine, told, flushes } = startEngine()
  const running = run(engine, "notify notes, 'stored'").then(() => told.push('acknowledged'))
  await expect.poll(() => flushes).toHaveLength(1)
  expect(told).toEqual([])
  flushes[0]?.resolve(undefined)
  await running
  expect(told).toEqual(['notes: stored', 'acknowledged'])
})

it('keeps a notification whose change could not be stored until it is', async () => {
  const { engine, told, flushes } = startEngine()
  const failing = run(engine, "notify notes, 'kept'")
  await expect.poll(() => flushes).toHaveLength(1)
  flushes[0]?.reject(new DOMException('full', 'QuotaExceededError'))
  expect(await failing).toMatchObject({ outcome: { ok: false } })
  expect(told).toEqual([])
  const next = run(engine, 'select 1')
  await expect.poll(() => flushes).toHaveLength(2)
  expect(told).toEqual([])
  flushes[1]?.resolve(undefined)
  await next
  expect(told).toEqual(['notes: kept'])
})

it('notifies of a transaction when its commit is stored', async () => {
  const { engine, told, flushes } = startEngine()
  const session = await engine.begin('begin', () => undefined)
  await session.run(exec("notify notes, 'in a transaction'"))
  const ending = session.end({ clientId: 'tab', number: 2 }, { type: 'commit' })
  await expect.poll(() => flushes).toHaveLength(1)
  expect(told).toEqual([])
  flushes[0]?.resolve(undefined)
  expect(await ending).toMatchObject({ outcome: { ok: true } })
  expect(told).toEqual(['notes: in a transaction'])
})

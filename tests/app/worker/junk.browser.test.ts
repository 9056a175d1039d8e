/** Junk on every channel, from a script of the same origin: messages of no shape, of a wrong one, forged and repeated ones. */
import type { TestPage } from '../../support/browsers/test-browser.ts'
import { expect, it } from 'vitest'
import { useTabs } from '../../support/test-page.ts'
import { addCollection, closeAll, collectionIds, openSharedTabs } from './shared-page.ts'

const tabs = useTabs()

/** A seed for what is sent; `JUNK_SEED` repeats a run, `JUNK_ROUNDS` makes it longer. */
const seed = Number(process.env['JUNK_SEED'] ?? 18)
const rounds = Number(process.env['JUNK_ROUNDS'] ?? 60)

/** Posts junk on the channels of a database, those of its tabs included, whose names its locks tell. */
function sendJunk(page: TestPage, name: string, withForgeries: boolean): Promise<number> {
  return page.evaluate(
    async ({ name, seed, rounds, withForgeries }) => {
      let state = seed
      const random = (below: number) => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
        return (state >>> 8) % below
      }
      const pick = <T>(items: readonly T[]): T | undefined => items[random(items.length)]
      const { held = [] } = await navigator.locks.query()
      const ids = held.flatMap(({ name = '' }) => {
        const [, id] = /^@typyst\/db\/(?:client|worker):(.*)$/.exec(name) ?? []
        return id === undefined ? [] : [id]
      })
      const clients = held.filter(({ name = '' }) => name.startsWith('@typyst/db/client:')).map(({ name = '' }) => name)
      const channels = [`@typyst/db:${name}`, ...clients].map((each) => new BroadcastChannel(each))
      const types = [
        ...['attach', 'call', 'destroy', 'knock', 'welcome', 'progress', 'attached', 'known', 'refused', 'answer'],
        ...['notification', 'storage', 'outdated', 'destroy-ended', 'deposed', 'resigned', 'leading', 'who-leads'],
        ...['hello', 'ping', 'pong', 'serving', 'take-over', '__proto__', 'constructor', ''],
        // Whole by itself, so that it is no junk.
      ].filter((type) => withForgeries || type !== 'detach')
      const atoms = (): unknown =>
        pick([
          ...[undefined, null, 0, -1, NaN, 2 ** 53, '', 'x', true, 1n, new Date(NaN), [], {}, new Map(), /x/],
          ...[new Uint8Array(3), new Blob(['x']), new Error('x'), crypto.randomUUID()],
          // Only who names a leader can speak in its name.
          ...(withForgeries ? ids : []),
        ])
      const fields = ['session', 'leaderId', 'clientId', 'number', 'protocol', 'outcome', 'call', 'error', 'state']
      for (let round = 0; round < rounds; round += 1) {
        for (const channel of channels) {
          const junk: Record<string, unknown> = { type: pick(types) }
          for (const field of fields) if (random(2)) junk[field] = atoms()
          channel.postMessage(random(4) ? junk : atoms())
          if (withForgeries && round % 20 === 0) {
            // The right shape: as from a tab of a release to come, as from a leader that ends, as from a tab that leaves.
            for (const leaderId of ids) {
              channel.postMessage({ type: 'hello', clientId: crypto.randomUUID(), leaderId, protocol: 1_000_000 })
              channel.postMessage({ type: 'resigned', leaderId })
              channel.postMessage({ type: 'deposed', leaderId })
              channel.postMessage({ type: 'leading', leaderId: crypto.randomUUID() })
            }
            channel.postMessage({ type: 'detach' })
          }
        }
        if (round === 0) channels[0]?.postMessage({ type: 'hello', clientId: 'x'.repeat(5_000_000) })
        await new Promise((resolve) => setTimeout(resolve))
      }
      for (const channel of channels) channel.close()
      return channels.length
    },
    { name, seed, rounds, withForgeries },
  )
}

it('is ignored: tabs go on as if there were none', async () => {
  const pages = await openSharedTabs(tabs, 'idb://junk', ['first', 'second', 'third'])
  const stranger = await tabs.open()
  const sending = sendJunk(stranger, 'junk', false)
  const codes = await Promise.all(Object.entries(pages).map(([name, page]) => addCollection(page, name)))
  expect(await sending).toBe(4)
  expect(codes).toEqual([undefined, undefined, undefined])
  for (const page of Object.values(pages)) expect(await collectionIds(page)).toEqual(['first', 'second', 'third'])
  expect(await pages.second.evaluate(() => window.events)).toEqual([])
  await closeAll({ ...pages, stranger })
})

it('in the right shape costs a change of leader at most, and no tab hangs', async () => {
  const pages = await openSharedTabs(tabs, 'idb://forged', ['first', 'second', 'third'])
  const stranger = await tabs.open()
  const sending = sendJunk(stranger, 'forged', true)
  const during = await Promise.all(
    Object.entries(pages).map(([name, page]) =>
      page.evaluate(async (id) => {
        const { app, typyst } = window
        return typyst.failure(app.db.insert(app.schema.collection).values({ id, name: id }))
      }, name),
    ),
  )
  await sending
  for (const failed of during) expect(failed?.code ?? 'LEADER_CHANGED', failed?.message).toBe('LEADER_CHANGED')
  const after = await Promise.all(Object.entries(pages).map(([name, page]) => addCollection(page, `${name} after`)))
  expect(after).toEqual([undefined, undefined, undefined])
  const expected = await collectionIds(pages.first)
  for (const page of Object.values(pages)) expect(await collectionIds(page)).toEqual(expected)
  await closeAll({ ...pages, stranger })
})

it('a parameter that cannot cross is refused, and nothing behind it waits', async () => {
  const { second, first } = await openSharedTabs(tabs, 'idb://uncloneable', ['first', 'second'])
  for (const page of [first, second]) {
    const codes = await page.evaluate(async () => {
      const { pgClient } = window.app
      const calls = [() => 1, Symbol('s'), 1].map((value) => pgClient.query('select $1::int', [value]))
      return (await Promise.all(calls.map((call) => window.typyst.failure(call)))).map((failed) => failed?.code)
    })
    expect(codes).toEqual(['INVALID_INPUT', 'INVALID_INPUT', undefined])
  }
  await closeAll({ first, second })
})

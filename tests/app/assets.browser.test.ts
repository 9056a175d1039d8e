/** What opening comes to when the server has not what it needs: a code with the address, soon, and a later attempt works. */
import { expect, inject, it, onTestFinished } from 'vitest'
import type { TestPage } from '../support/browsers/test-browser.ts'
import { startPageServer } from '../support/page-server.ts'
import type { Fault, FaultyServer } from '../support/page-server.ts'
import { modes, useTabs } from '../support/test-page.ts'
import type { Mode } from '../support/test-page.ts'
import { fewOf } from '../support/rounds.ts'

const tabs = useTabs()

/** A tab on a server of its own, whose addresses the browser has not seen. */
async function visit(headers?: Readonly<Record<string, string>>): Promise<{ server: FaultyServer; page: TestPage }> {
  const server = await startPageServer(inject('pageFolder'), headers)
  const page = await tabs.browser.newPage()
  onTestFinished(async () => {
    if (!page.isClosed()) await page.close()
    await server[Symbol.asyncDispose]()
  })
  await page.goto(`${server.url}?token=secret`)
  await page.evaluate(() => {
    window.uncaught = []
    addEventListener('unhandledrejection', ({ reason }) => window.uncaught.push(String(reason)))
    addEventListener('error', ({ message }) => window.uncaught.push(message))
  })
  return { server, page }
}

declare global {
  interface Window {
    /** What the page threw without anybody to catch it. */
    uncaught: string[]
  }
}

/** Opens one database after the other, so that nothing of an earlier attempt is of use. */
const failureOf = (page: TestPage, mode: Mode, { triesAgain = true } = {}) =>
  page.evaluate(
    async ({ mode, triesAgain }) => {
      const app = window.typyst.createIn(mode, { dataDir: 'idb://assets' })
      const failed = await window.typyst.failure(app.ready())
      const again = failed && triesAgain ? await window.typyst.failure(app.ready()) : undefined
      await app.close()
      return failed && { ...failed, again: again?.code }
    },
    { mode, triesAgain },
  )

const engineFaults: readonly (readonly [part: string, fault: Fault, came: RegExp])[] = [
  ['.wasm', 'page', /200 text\/html, 29 bytes/],
  ['.wasm', 'cut', /stopped after \d+ bytes/],
  ['.data', 'page', /200 text\/html, 29 bytes/],
  ['.data', 'short', /another size/],
  ['.wasm', 'missing', /404 without a type, 22 bytes/],
  ['.wasm', 'garbage', /application\/wasm, \d+ bytes, came, and is no WebAssembly/],
  ['.data', 'cut', /stopped after \d+ bytes/],
  ['.data', 'reset', /no answer/],
]

it.each(fewOf(modes))(
  "PGlite's files: ASSETS_UNAVAILABLE with the address and what came, engine in the %s",
  async (mode) => {
    for (const [part, fault, came] of fewOf(engineFaults, 4)) {
      const { server, page } = await visit()
      server.disturb(part, fault)
      const failed = await failureOf(page, mode)
      expect(failed, `${part} ${fault}`).toMatchObject({ code: 'ASSETS_UNAVAILABLE', again: 'ASSETS_UNAVAILABLE' })
      expect(failed?.message).toMatch(came)
      expect(failed?.message).toContain(`${server.url}assets/pglite-`)
      expect(failed?.message).not.toContain('secret')
      server.disturb(part, undefined)
      expect(await failureOf(page, mode), `${part} ${fault}, repaired`).toBeUndefined()
      expect(await page.evaluate(() => window.uncaught)).toEqual([])
      await page.close()
    }
  },
)

it.each(fewOf(modes))('code of the app that is missing: ASSETS_UNAVAILABLE, engine in the %s', async (mode) => {
  for (const [part, fault] of [
    ['open-storage', 'missing'],
    ['memfs-frontend', 'page'],
    ['chunk-', 'reset'],
  ] as const) {
    const { server, page } = await visit()
    server.disturb(part, fault)
    const failed = await failureOf(page, mode)
    expect([part, failed?.code]).toEqual([part, 'ASSETS_UNAVAILABLE'])
    server.disturb(part, undefined)
    // A page keeps the failure of an import; a worker is made anew for each attempt.
    if (mode === 'page') await page.reload()
    expect(await failureOf(page, mode)).toBeUndefined()
  }
})

const silent: readonly (readonly [part: string, fault: Fault, mode: Mode])[] = [
  ['.data', 'silent', 'page'],
  ['.data', 'stalled', 'page'],
  ['.wasm', 'silent', 'page'],
  ['.wasm', 'stalled', 'worker'],
  ['open-storage', 'silent', 'page'],
  ['memfs-frontend', 'silent', 'worker'],
  ['.data', 'silent', 'worker'],
]

it.each(fewOf(silent))('a server with %s %s is given up, engine in the %s', async (part, fault, mode) => {
  const { server, page } = await visit()
  server.disturb(part, fault)
  expect(await failureOf(page, mode, { triesAgain: false })).toMatchObject({ code: 'ASSETS_UNAVAILABLE' })
  server.disturb(part, undefined)
  await page.reload()
  expect(await failureOf(page, mode)).toBeUndefined()
})

it('a server that says nothing of a worker is given up', { tags: 'long' }, async () => {
  const { server, page } = await visit()
  server.disturb('worker-', 'silent')
  expect(await failureOf(page, 'worker', { triesAgain: false })).toMatchObject({ code: 'WORKER_FAILED' })
})

it('a snapshot of which the server says nothing costs time only', { tags: 'long' }, async () => {
  const { server, page } = await visit()
  server.disturb('snapshot-data', 'silent')
  expect(await failureOf(page, 'worker')).toBeUndefined()
})

it.each(fewOf(['pglite-', '.data', 'salvage-database'] as const, 2))(
  'salvage() without %s says so, and nothing of what is stored',
  async (part) => {
    const { server, page } = await visit({ 'cache-control': 'no-store' })
    expect(await failureOf(page, 'page')).toBeUndefined()
    await page.reload()
    server.disturb(part, 'page')
    const salvaging = () => page.evaluate(() => window.typyst.failure(window.typyst.salvage('idb://assets')), undefined)
    expect(await salvaging()).toMatchObject({ code: 'ASSETS_UNAVAILABLE' })
    server.disturb(part, undefined)
    await page.reload()
    expect(await salvaging()).toBeUndefined()
  },
)

it('a snapshot that is missing costs time only, and without initdb too it is ASSETS_UNAVAILABLE', async () => {
  const { server, page } = await visit()
  server.disturb('snapshot-data', 'missing')
  server.disturb('initdb', 'page')
  expect(await failureOf(page, 'worker')).toMatchObject({ code: 'ASSETS_UNAVAILABLE' })
  server.disturb('initdb', undefined)
  expect(await failureOf(page, 'worker')).toBeUndefined()
})

it.each(['missing', 'page', 'throws'] as const)(
  'a worker whose file is %s: WORKER_FAILED, and a later attempt works',
  async (fault) => {
    const { server, page } = await visit()
    server.disturb('worker-', fault)
    expect(await failureOf(page, 'worker')).toMatchObject({ code: 'WORKER_FAILED', again: 'WORKER_FAILED' })
    server.disturb('worker-', undefined)
    if (fault === 'throws') await page.reload()
    expect(await failureOf(page, 'worker')).toBeUndefined()
  },
)

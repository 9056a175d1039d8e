/** Where an app may find itself: at home or in a frame of another site, in a private window, with all cookies blocked. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { missingBrowser } from '../support/browsers/installed-browsers.ts'
import { launchBrowser } from '../support/browsers/launch-browser.ts'
import type { LaunchOptions, TestBrowser, TestPage } from '../support/browsers/test-browser.ts'
import type { Ask, TryOut } from '../support/page/main.ts'
import { browserName } from '../support/test-page.ts'
import { fewOf } from '../support/rounds.ts'

const name = browserName()

/** An address of the same server that is another site to browsers. */
const elsewhere = (): string => inject('pageUrl').replace('127.0.0.1', 'localhost')

/** Frames with the app in a page of the same site or of another one. */
interface Frames {
  readonly ask: (frame: number, ask: Ask) => Promise<TryOut>
  readonly close: () => Promise<void>
}

async function openFrames(browser: TestBrowser, where: 'home' | 'other site'): Promise<Frames> {
  const page: TestPage = await browser.newPage()
  await page.goto(where === 'home' ? inject('pageUrl') : elsewhere())
  await page.evaluate(async (url) => {
    for (let frames = 0; frames < 2; frames += 1) {
      const frame = document.createElement('iframe')
      frame.src = url
      document.body.append(frame)
      await new Promise((resolve) => (frame.onload = resolve))
    }
  }, inject('pageUrl'))
  return {
    ask: (frame, ask) =>
      page.evaluate(
        ({ frame, ask }) =>
          new Promise<TryOut>((resolve) => {
            const { port1, port2 } = new MessageChannel()
            port1.onmessage = ({ data }: MessageEvent<TryOut>) => resolve(data)
            window.frames[frame]?.postMessage(ask, '*', [port2])
          }),
        { frame, ask },
      ),
    close: () => page.close(),
  }
}

/** Whether the browser lets a site store anything that way. */
const mayStore = (mode: LaunchOptions['mode']): boolean => mode !== 'no-cookies' || name !== 'firefox'

// Chromium without a window has no settings, and stores for every profile as for a private one.
const settings = name === 'chromium' ? (['normal'] as const) : (['normal', 'private', 'no-cookies'] as const)

describe.each(settings)('with the browser set to %s', (setting) => {
  let browser: TestBrowser | undefined
  beforeAll(async () => {
    if (missingBrowser(name) === undefined) browser = await launchBrowser(name, { mode: setting })
  })
  afterAll(() => browser?.[Symbol.asyncDispose]())
  const frames = (where: 'home' | 'other site'): Promise<Frames> => {
    if (!browser) throw new Error('The browser runs only while tests do.')
    return openFrames(browser, where)
  }

  describe.each(fewOf(['other site', 'home'] as const))('in a frame, its page being of %s', (where) => {
    it.each(fewOf(['worker', 'page'] as const))(
      'keeps what it stores, or says that it can store nothing, engine in the %s',
      async (mode) => {
        const { ask, close } = await frames(where)
        const tryOut = (options: Ask['options']) => ask(0, { act: 'tryOut', mode, options })
        const dataDir = `idb://modes-${where}-${mode}`
        if (mayStore(setting)) {
          expect(await tryOut({ dataDir })).toEqual({ kind: 'indexeddb', rows: 1 })
          expect(await tryOut({ dataDir, memoryFallback: true })).toEqual({ kind: 'indexeddb', rows: 2 })
        } else {
          expect(await tryOut({ dataDir })).toEqual({ code: 'STORAGE_UNAVAILABLE' })
          expect(await tryOut({ dataDir, memoryFallback: true })).toEqual({
            kind: 'memory',
            rows: 1,
            fallback: 'STORAGE_UNAVAILABLE',
          })
        }
        await close()
      },
    )

    it.runIf(mayStore(setting))('shares it between workers, and with nobody from a page', async () => {
      const { ask, close } = await frames(where)
      const options = { dataDir: `idb://shared-${where}` }
      expect(await ask(0, { act: 'hold', mode: 'worker', options })).toEqual({})
      expect(await ask(1, { act: 'tryOut', mode: 'worker', options })).toEqual({ kind: 'indexeddb', rows: 1 })
      expect(await ask(1, { act: 'tryOut', mode: 'page', options })).toEqual({ code: 'DATABASE_IN_USE' })
      await ask(0, { act: 'letGo', mode: 'worker', options })
      expect(await ask(0, { act: 'hold', mode: 'page', options })).toEqual({})
      expect(await ask(1, { act: 'tryOut', mode: 'worker', options })).toEqual({ code: 'DATABASE_IN_USE' })
      await ask(0, { act: 'letGo', mode: 'page', options })
      expect(await ask(1, { act: 'tryOut', mode: 'worker', options })).toEqual({ kind: 'indexeddb', rows: 2 })
      await close()
    })
  })
})

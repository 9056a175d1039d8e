/** An entry of a worker that is evaluated twice, as WebKit does with one that its own chunks import. */
import { Worker } from 'node:worker_threads'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { expect, it } from 'vitest'

const modulePath = (path: string): string => JSON.stringify(fileURLToPath(new URL(path, import.meta.url)))

it('serves its tab once', async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import { parentPort } from 'node:worker_threads'
        import { serveAppDatabase } from ${modulePath('../../../src/app/worker/index.ts')}
        import { createLockQueue, createLocks } from ${modulePath('../../support/web-locks.ts')}
        Object.defineProperty(globalThis, 'navigator', { value: { locks: createLocks(createLockQueue()) } })
        globalThis.postMessage = (message) => parentPort.postMessage(message)
        globalThis.addEventListener = (_type, listener) => parentPort.on('message', (data) => listener({ data }))
        serveAppDatabase()
        serveAppDatabase()`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    write: false,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    packages: 'external',
  })
  const worker = new Worker(outputFiles[0]?.text ?? '', { eval: true })
  const heard: string[] = []
  const left = new Promise<void>((resolve) => {
    worker.on('message', ({ type }: { readonly type: string }) => {
      heard.push(type)
      if (type === 'left') resolve()
    })
  })
  // Answered after everything that the entry said by itself.
  worker.postMessage({ type: 'leave' })
  await left
  await worker.terminate()
  expect(heard).toEqual(['serving', 'left'])
})

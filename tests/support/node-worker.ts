/** The browser's `Worker` as a thread of Node that runs the app's worker. */
import { fileURLToPath } from 'node:url'
import { MessageChannel, Worker as Thread } from 'node:worker_threads'
import { build } from 'esbuild'
import { createLockQueue, createLocks, serveLockQueue } from './web-locks.ts'

const queue = createLockQueue()

/** The locks of the page, which its workers share. */
export const locks: ReturnType<typeof createLocks> = createLocks(queue)

// As one script, because a thread knows nothing of Vitest's loaders.
const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL('app-worker.ts', import.meta.url))],
  write: false,
  bundle: true,
  format: 'cjs',
  platform: 'node',
  packages: 'external',
})
const script = outputFiles[0]?.text ?? ''

/** The part of a `Worker` that the package uses. */
export interface NodeWorker {
  onmessage: ((event: { readonly data: unknown }) => void) | null
  onerror: (() => void) | null
  postMessage(message: unknown): void
  terminate(): void
}

/** Starts one. */
export function createNodeWorker(): NodeWorker {
  const { port1, port2 } = new MessageChannel()
  serveLockQueue(queue, port1)
  const thread = new Thread(script, { eval: true, workerData: { locksPort: port2 }, transferList: [port2] })
  const worker: NodeWorker = {
    onmessage: null,
    onerror: null,
    postMessage: (message: unknown) => thread.postMessage(message),
    terminate: () => void thread.terminate(),
  }
  thread.on('message', (data: unknown) => worker.onmessage?.({ data }))
  thread.on('error', () => worker.onerror?.())
  return worker
}

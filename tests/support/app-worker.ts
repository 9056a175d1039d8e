/** What an app's worker is, in a thread of Node: the globals that `serveAppDatabase` uses, and the call. */
import { parentPort, workerData } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { serveAppDatabase } from '../../src/app/worker/index.ts'
import { connectLockQueue, createLocks } from './web-locks.ts'

const port = parentPort
if (!port) throw new Error('This runs in a thread.')
const { locksPort } = workerData as { readonly locksPort: MessagePort } // What node-worker.ts passes.
const globals = {
  postMessage: (message: unknown) => port.postMessage(message),
  addEventListener: (_type: 'message', listener: (event: { readonly data: unknown }) => void) =>
    port.on('message', (data: unknown) => listener({ data })),
  navigator: { locks: createLocks(connectLockQueue(locksPort)) },
}
for (const [name, value] of Object.entries(globals)) Object.defineProperty(globalThis, name, { value })

serveAppDatabase()

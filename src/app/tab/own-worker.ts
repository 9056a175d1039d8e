/** Starts the app's worker and notices when it is gone. */
import { TypystDbError } from '../../errors.ts'
import { createDeferred } from '../../internal/deferred.ts'
import { openFreshWindow } from '../fresh-window.ts'
import { decodeError } from '../worker/error-codec.ts'
import { workerLock } from '../worker/names.ts'
import type { FromWorker, ToWorker } from '../worker/protocol.ts'
import { readFromWorker } from '../worker/read-message.ts'

/** The code of a worker, to start it again. */
export interface WorkerSource {
  readonly url: string
  readonly isModule: boolean
}

/** A worker that runs `serveAppDatabase()`. */
export interface OwnWorker {
  readonly workerId: string
  /** Where its code is, as far as it told. */
  readonly source: WorkerSource | undefined
  post(message: ToWorker): void
  /** Ends it at once; its locks are free then. */
  terminate(): void
}

/** What {@link startWorker} needs. */
export interface OwnWorkerOptions {
  readonly create: () => Worker
  readonly onMessage: (message: FromWorker) => void
  /** It ended without being told to. */
  readonly onDied: () => void
}

/** How long its file and the code in it may take to arrive and to run, in milliseconds. */
const startsWithinMs = 10_000

/**
 * Starts the worker.
 *
 * @throws TypystDbError `WORKER_FAILED` when it does not come up, `STORAGE_UNAVAILABLE` where the browser lets it store nothing.
 */
export async function startWorker({ create, onMessage, onDied }: OwnWorkerOptions): Promise<OwnWorker> {
  const serving = createDeferred<Extract<FromWorker, { readonly type: 'serving' }>>()
  let isServing = false
  let worker: Worker
  try {
    worker = create()
  } catch (cause) {
    throw workerFailed(cause)
  }
  worker.onmessage = ({ data }: MessageEvent<unknown>) => {
    const message = readFromWorker(data)
    if (message?.type === 'serving') {
      isServing = true
      serving.resolve(message)
    } else if (message?.type === 'unable' && !isServing) serving.reject(decodeError(message.error))
    else if (message) onMessage(message)
  }
  worker.onerror = () => serving.reject(workerFailed())
  const timer = setTimeout(() => serving.reject(workerFailed()), startsWithinMs)
  const watch = new AbortController()
  try {
    const { workerId, url, isModule = true } = await serving.promise
    // Whoever gets this lock after the worker knows that the worker is gone.
    navigator.locks.request(workerLock(workerId), { signal: watch.signal }, () => onDied()).catch(() => undefined)
    return {
      workerId,
      source: url === undefined ? undefined : { url, isModule },
      post: (message) => worker.postMessage(message),
      terminate() {
        watch.abort()
        worker.terminate()
      },
    }
  } catch (cause) {
    worker.terminate()
    throw cause
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Starts a worker's code in a window of its own, where the browser has given up the page's.
 *
 * @throws TypystDbError `WORKER_FAILED` outside of a page.
 */
export function createInFreshWindow({ url, isModule }: WorkerSource): Worker {
  const fresh = openFreshWindow()
  if (!fresh) throw workerFailed()
  return new fresh.Worker(url, { type: isModule ? 'module' : 'classic' })
}

function workerFailed(cause?: unknown): TypystDbError {
  return new TypystDbError(
    'WORKER_FAILED',
    'The worker of the option `worker` did not start. Check its URL, that it is a module worker and that its file calls `serveAppDatabase()`.',
    { cause },
  )
}

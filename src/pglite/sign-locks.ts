/** Gives signs of life on locks from a thread of its own, which no statement holds up. */
import { signMs } from './lock-file.ts'
import type { LockFile } from './lock-file.ts'

/** Writes to locks again and again, for those who cannot see whether this process lives. */
export interface Signer {
  sign(lock: Pick<LockFile, 'file' | 'token'>): void
  stop(): Promise<unknown>
}

/**
 * Makes one; its thread starts with the first lock. Where threads are not allowed, or end, locks get no signs and may be taken
 * over from afar, which their holder notices.
 */
export function createSigner(): Signer {
  let worker: ReturnType<typeof startThread>
  return {
    sign({ file, token }) {
      worker ??= startThread()
      worker?.postMessage({ file, token })
    },
    stop: async () => worker?.terminate(),
  }
}

function startThread() {
  const { Worker } = process.getBuiltinModule('node:worker_threads')
  try {
    const worker = new Worker(signing, { eval: true, execArgv: [], workerData: { signMs } })
    worker.on('error', () => undefined)
    worker.unref()
    return worker
  } catch {
    return undefined
  }
}

/** Runs in the thread. Through one descriptor for each lock, so that it never writes to the lock of the next holder. */
const signing = `
  const { closeSync, openSync, readFileSync, writeSync } = require('node:fs')
  const { parentPort, workerData } = require('node:worker_threads')
  const sign = ({ file, token }) => {
    let descriptor
    try {
      descriptor = openSync(file, 'r+')
      const content = readFileSync(descriptor, 'utf8')
      if (JSON.parse(content).token === token) writeSync(descriptor, content, 0)
    } catch {
      // Gone, or not to be reached now.
    } finally {
      if (descriptor !== undefined) closeSync(descriptor)
    }
  }
  parentPort.on('message', (lock) => setInterval(sign, workerData.signMs, lock))`

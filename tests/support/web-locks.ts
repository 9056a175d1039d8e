/** Web Locks for Node, across threads: the exclusive ones that a database in memory behind a worker takes. */
import type { MessagePort } from 'node:worker_threads'

/** Who waits for which name. */
export interface LockQueue {
  /** Gives back how to let go, or to wait no longer. */
  acquire(name: string, onGranted: () => void): () => void
}

/** The queue that all threads share; it is in the one that started the others. */
export function createLockQueue(): LockQueue {
  const waitingByName = new Map<string, (() => void)[]>()
  return {
    acquire(name, onGranted) {
      const waiting = waitingByName.get(name) ?? []
      waitingByName.set(name, waiting)
      const own = () => onGranted()
      if (waiting.push(own) === 1) own()
      return () => {
        const at = waiting.indexOf(own)
        if (at < 0) return
        waiting.splice(at, 1)
        if (at === 0) waiting[0]?.()
      }
    },
  }
}

type Ask = { readonly id: number; readonly name: string } | { readonly id: number; readonly name?: undefined }

/** Serves the queue to another thread until its port closes, as it does when the thread ends. */
export function serveLockQueue(queue: LockQueue, port: MessagePort): void {
  const letGoById = new Map<number, () => void>()
  port.on('message', ({ id, name }: Ask) => {
    if (name !== undefined)
      letGoById.set(
        id,
        queue.acquire(name, () => port.postMessage(id)),
      )
    else {
      letGoById.get(id)?.()
      letGoById.delete(id)
    }
  })
  port.on('close', () => {
    for (const letGo of letGoById.values()) letGo()
  })
}

/** The queue of another thread. */
export function connectLockQueue(port: MessagePort): LockQueue {
  const onGrantedById = new Map<number, () => void>()
  let ids = 0
  port.on('message', (id: number) => onGrantedById.get(id)?.())
  const ask = (message: Ask) => port.postMessage(message)
  return {
    acquire(name, onGranted) {
      const id = (ids += 1)
      onGrantedById.set(id, onGranted)
      ask({ id, name })
      return () => {
        onGrantedById.delete(id)
        ask({ id })
      }
    },
  }
}

/** `navigator.locks` over a queue. To whoever looks, nobody holds any. */
export function createLocks(queue: LockQueue): {
  readonly request: typeof request
  readonly query: () => Promise<LockManagerSnapshot>
} {
  return { request, query: () => Promise.resolve({ held: [], pending: [] }) }

  async function request<T>(
    name: string,
    ...[options, callback]: [callback: () => T] | [options: LockOptions, callback: () => T]
  ): Promise<Awaited<T>> {
    const run = callback ?? (typeof options === 'function' ? options : undefined)
    const signal = typeof options === 'object' ? options.signal : undefined
    signal?.throwIfAborted()
    let letGo = (): void => undefined
    await new Promise<void>((resolve, reject) => {
      letGo = queue.acquire(name, resolve)
      signal?.addEventListener('abort', () => {
        letGo()
        reject(new DOMException('The request was aborted.', 'AbortError'))
      })
    })
    try {
      if (!run) throw new TypeError('There is no callback.')
      return await run()
    } finally {
      letGo()
    }
  }
}

/**
 * Who uses which connection, and who waits for one. postgres.js has a queue of its own, without an end to the waiting: two
 * transactions that hold both connections and each wait for a third would wait together. Here every connection is known by
 * itself, so that what waits has not been sent, and can be told that it was not run.
 */
import { TypystDbError } from '../../errors.ts'
import type { PoolStatus } from '../../internal/pool-status.ts'

/** A pool. What a call does on its connection, and how that fails, is no matter of it. */
export interface ConnectionPool<TConnection> {
  /**
   * Runs a statement on a connection that others may use at the same time, as soon as there is one that is in no
   * transaction.
   *
   * @throws TypystDbError `POOL_TIMEOUT` when there was none in time, `CLOSED` when the pool was closed meanwhile.
   */
  share<T>(run: (connection: TConnection) => Promise<T>): Promise<T>
  /** Runs a transaction on a connection that no one else uses until the promise of `run` is settled. */
  reserve<T>(run: (connection: TConnection) => Promise<T>): Promise<T>
  status(): PoolStatus
  /** Refuses who waits, and who comes. What is under way goes on. */
  close(): void
}

/** How a pool is made. */
export interface ConnectionPoolOptions<TConnection> {
  readonly max: number
  /** How long to wait for a connection, in milliseconds. */
  readonly acquireTimeoutMs: number
  /**
   * Makes a connection, which need not be open yet.
   *
   * @param onClose - To be called whenever it is not open any more; it may open again.
   */
  readonly create: (index: number, onClose: () => void) => TConnection
}

interface Slot<TConnection> {
  readonly index: number
  connection: TConnection | undefined
  /** Whether the connection is known to be open: it has answered. Statements share no other. */
  isOpen: boolean
  /** How many calls are under way on it. */
  inFlight: number
  isReserved: boolean
  /** Whether a transaction waits for it to become free, so that it gets nothing new. */
  isClaimed: boolean
  /** When the last call on it ended. */
  movedAt: number
}

interface Waiter<TConnection> {
  /** Counts up, so that it tells who came first. */
  readonly number: number
  readonly deadline: number
  start(slot: Slot<TConnection>): void
  refuse(error: TypystDbError): void
}

/** How many statements may be under way on one connection; postgres.js sends no more ahead, either. */
const maxPipelined = 100

/**
 * A connection that has answered nothing for so long, in milliseconds, is in the middle of something that takes long:
 * another statement behind it would wait for that, and could not be taken back.
 */
const stalledAfterMs = 50

/** `setTimeout` counts in 31 bits. */
const longestTimerMs = 2 ** 31 - 1

/** Makes a pool. */
export function createConnectionPool<TConnection>({
  max,
  acquireTimeoutMs,
  create,
}: ConnectionPoolOptions<TConnection>): ConnectionPool<TConnection> {
  const slots = Array.from({ length: max }, (_, index): Slot<TConnection> => ({
    index,
    connection: undefined,
    isOpen: false,
    inFlight: 0,
    isReserved: false,
    isClaimed: false,
    movedAt: 0,
  }))
  const statements = createFifo<Waiter<TConnection>>()
  const transactions = createFifo<Waiter<TConnection>>()
  let underWay = 0
  let calls = 0
  let timedOut = 0
  let isClosed = false
  let timer: NodeJS.Timeout | undefined

  const use = async <T>(slot: Slot<TConnection>, run: (connection: TConnection) => Promise<T>): Promise<T> => {
    if (slot.inFlight === 0) slot.movedAt = performance.now()
    slot.inFlight += 1
    underWay += 1
    slot.connection ??= create(slot.index, () => {
      slot.isOpen = false
    })
    try {
      const result = await run(slot.connection)
      slot.isOpen = true
      return result
    } finally {
      release(slot)
    }
  }
  const release = (slot: Slot<TConnection>) => {
    underWay -= 1
    slot.inFlight -= 1
    slot.movedAt = performance.now()
    if (slot.inFlight === 0) {
      slot.isReserved = false
      slot.isClaimed = false
    }
    if (statements.size() + transactions.size() > 0) serve()
  }

  /** Lets those in who wait, the first come first, as long as there is a connection for one. */
  const serve = () => {
    for (;;) {
      const transaction = transactions.first()
      const statement = statements.first()
      if (transaction && (!statement || transaction.number < statement.number)) {
        const free = findFree(slots)
        if (free) {
          transactions.shift()
          transaction.start(free)
          continue
        }
        // Before a statement that came later takes what the transaction waits for.
        claimFor(slots, transactions.size())
      }
      const shared = statement && findShared(slots)
      if (!shared) break
      statements.shift()
      statement.start(shared)
    }
    claimFor(slots, transactions.size())
    setTimer()
  }

  // It holds the process, as every call does that is not done: with nothing else to do, Node would end without an answer.
  const setTimer = () => {
    const deadline = Math.min(...[statements, transactions].map((queue) => queue.first()?.deadline ?? Infinity))
    if (deadline < Infinity) {
      timer ??= setTimeout(look, Math.min(Math.max(1, deadline - performance.now()), longestTimerMs))
    } else {
      clearTimeout(timer)
      timer = undefined
    }
  }
  const look = () => {
    timer = undefined
    // When this process was busy for long, a connection may be free already: its answer is read before this runs.
    setImmediate(() => {
      const now = performance.now()
      for (const queue of [statements, transactions]) {
        for (let first = queue.first(); first && first.deadline <= now; first = queue.first()) {
          queue.shift()
          timedOut += 1
          first.refuse(timeoutError(acquireTimeoutMs))
        }
      }
      serve()
    })
  }

  const wait = <T>(queue: Fifo<Waiter<TConnection>>, enter: (slot: Slot<TConnection>) => Promise<T>): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      calls += 1
      queue.push({
        number: calls,
        deadline: performance.now() + acquireTimeoutMs,
        start: (slot) => resolve(enter(slot)),
        refuse: reject,
      })
      serve()
    })

  return {
    async share(run) {
      if (isClosed) throw closedError()
      // Behind those that wait already, which all wait for the same.
      const slot = statements.size() === 0 ? findShared(slots) : undefined
      return slot ? use(slot, run) : wait(statements, (free) => use(free, run))
    },
    async reserve(run) {
      if (isClosed) throw closedError()
      const enter = (slot: Slot<TConnection>) => {
        slot.isReserved = true
        return use(slot, run)
      }
      const slot = transactions.size() === 0 ? findFree(slots) : undefined
      return slot ? enter(slot) : wait(transactions, enter)
    },
    status() {
      const busy = slots.filter(({ inFlight }) => inFlight > 0).length
      return {
        busy,
        waiting: underWay - busy + statements.size() + transactions.size(),
        max,
        transactions: slots.filter(({ isReserved }) => isReserved).length,
        timedOut,
      }
    },
    close() {
      isClosed = true
      for (const queue of [statements, transactions]) {
        for (let first = queue.shift(); first; first = queue.shift()) first.refuse(closedError())
      }
      serve()
    },
  }
}

/** A connection that nothing runs on: an open one, or else the one that has been closed for longest. */
function findFree<T>(slots: readonly Slot<T>[]): Slot<T> | undefined {
  let closed: Slot<T> | undefined
  for (const slot of slots) {
    if (slot.inFlight > 0) continue
    if (slot.isOpen) return slot
    if (!closed || slot.movedAt < closed.movedAt) closed = slot
  }
  return closed
}

/** A connection for a statement: one that is free, or else the one with the fewest statements of those that move on. */
function findShared<T>(slots: readonly Slot<T>[]): Slot<T> | undefined {
  const free = findFree(slots)
  if (free) return free
  const stalledSince = performance.now() - stalledAfterMs
  let shared: Slot<T> | undefined
  for (const slot of slots) {
    if (!slot.isOpen || slot.isReserved || slot.isClaimed || slot.movedAt < stalledSince) continue
    if (slot.inFlight < (shared?.inFlight ?? maxPipelined)) shared = slot
  }
  return shared
}

/** Keeps new statements off as many connections as there are transactions that wait for one to become free. */
function claimFor<T>(slots: readonly Slot<T>[], waiting: number): void {
  let missing = waiting - slots.filter(({ isClaimed }) => isClaimed).length
  for (const slot of slots) {
    if (missing < 0 && slot.isClaimed) {
      slot.isClaimed = false
      missing += 1
    }
  }
  const claimable = slots.filter(({ isClaimed, isReserved, inFlight }) => !isClaimed && !isReserved && inFlight > 0)
  // Those with the least to finish first.
  for (const slot of claimable.toSorted((one, other) => one.inFlight - other.inFlight).slice(0, Math.max(0, missing))) {
    slot.isClaimed = true
  }
}

function timeoutError(acquireTimeoutMs: number): TypystDbError {
  return new TypystDbError(
    'POOL_TIMEOUT',
    `No connection of the pool was free within ${acquireTimeoutMs} ms, so the call was not run. Inside a transaction use its \`tx\`, or pass \`{ tx }\`, where the database itself would wait for a second connection. Elsewhere look for what holds connections for long, or raise \`maxConnections\` or \`acquireTimeoutMs\`.`,
  )
}

function closedError(): TypystDbError {
  return new TypystDbError('CLOSED', 'The database was closed. Create a new one to go on.')
}

interface Fifo<T> {
  push(item: T): void
  first(): T | undefined
  shift(): T | undefined
  size(): number
}

/** A queue that takes the same time for each item however many there are, which an array's own `shift` does not. */
function createFifo<T>(): Fifo<T> {
  let items: T[] = []
  let head = 0
  return {
    push: (item) => void items.push(item),
    first: () => items[head],
    shift() {
      const item = items[head]
      if (head < items.length) head += 1
      if (head > 1000 && head * 2 > items.length) {
        items = items.slice(head)
        head = 0
      }
      return item
    },
    size: () => items.length - head,
  }
}

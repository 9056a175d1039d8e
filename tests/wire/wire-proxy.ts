/** A proxy between driver and Postgres that knows messages, and does to them what a network must never do. */
import { once } from 'node:events'
import { createConnection, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import type { Random } from '../support/random.ts'

/** What can happen at the boundary of two messages. */
export const faults = ['split', 'delay', 'cut', 'tear', 'drop', 'double', 'swap', 'freeze'] as const

/** One of {@link faults}: `cut` ends the connection between two messages, `tear` in the middle of one. */
export type Fault = (typeof faults)[number]

/** How often which fault happens. */
export interface FaultPlan {
  /** One message in so many meets a fault that ends its connection. */
  readonly oneBadIn: number
  /** One message in so many is late or comes in pieces. */
  readonly oneLateIn: number
  /** Whether statements may fail on their own account; see `mayDrop`. */
  readonly hasErrors: boolean
}

/** The proxy. */
export interface WireProxy extends AsyncDisposable {
  readonly port: number
  /** How often each fault has happened. */
  readonly counts: Readonly<Record<Fault, number>>
  /** Sets what happens from now on; nothing at all without a plan. */
  disturb(plan: FaultPlan | undefined): void
}

interface Direction {
  readonly isFromServer: boolean
  readonly from: Socket
  readonly to: Socket
}

/** Messages that may come at any time, or that say nothing: https://www.postgresql.org/docs/current/protocol-flow.html */
const noticeTypes = new Set(['N', 'A', 'S'].map((type) => type.charCodeAt(0)))
const dataRow = 'D'.charCodeAt(0)
const sync = 'S'.charCodeAt(0)
const query = 'Q'.charCodeAt(0)

/** Starts one before the Postgres at a port of this machine. */
export async function startWireProxy(serverPort: number, random: Random): Promise<WireProxy> {
  const counts: Record<Fault, number> = { split: 0, delay: 0, cut: 0, tear: 0, drop: 0, double: 0, swap: 0, freeze: 0 }
  const sockets = new Set<Socket>()
  let plan: FaultPlan | undefined

  const pass = ({ isFromServer, from, to }: Direction, end: () => void) => {
    const reader = createFrameReader(!isFromServer)
    const messages: Buffer[] = []
    let isPassing = false
    let isFrozen = false
    /** A result of which a row was dropped or doubled meets no second fault: together they could cancel out. */
    let isSpent = false

    const choose = (message: Buffer, next: Buffer | undefined): Fault | undefined => {
      if (!plan) return undefined
      if (random(plan.oneLateIn) === 0) return random(2) ? 'split' : 'delay'
      if (isSpent || random(plan.oneBadIn) > 0) return undefined
      const fault = faults[2 + random(faults.length - 2)]
      if (fault === 'drop' && !isFromServer && !mayDrop(message, plan)) return undefined
      if (fault === 'swap' && (!next || !showsSwap(message, next, isFromServer))) return undefined
      // A freeze costs a whole timeout of everything behind it.
      if (fault === 'freeze' && random(4) > 0) return undefined
      return fault
    }
    /** Passes messages on in order; what nothing happens to goes in one piece. */
    const work = async () => {
      let whole: Buffer[] = []
      const flush = () => {
        if (whole.length > 0) to.write(Buffer.concat(whole))
        whole = []
      }
      for (let message = messages.shift(); message; message = messages.shift()) {
        const fault = isFrozen ? undefined : choose(message, messages[0])
        if (isFrozen) continue
        if (fault === undefined) {
          whole.push(message)
          continue
        }
        counts[fault] += 1
        isSpent ||= fault === 'drop' || fault === 'double' || fault === 'swap'
        if (fault === 'double') whole.push(message, message)
        if (fault === 'swap') whole.push(...messages.splice(0, 1), message)
        if (fault === 'drop' || fault === 'double' || fault === 'swap') continue
        flush()
        if (fault === 'freeze') isFrozen = true
        if (fault === 'cut') {
          end()
          return
        }
        const half = random(message.length)
        if (fault === 'tear') {
          to.write(message.subarray(0, half), end)
          return
        }
        if (fault === 'split') {
          to.write(message.subarray(0, half))
          await new Promise((resolve) => setImmediate(resolve))
          to.write(message.subarray(half))
        }
        if (fault === 'delay') {
          await new Promise((resolve) => setTimeout(resolve, random(10))) // The time is the fault itself.
          whole.push(message)
        }
      }
      flush()
    }
    from.on('data', (chunk: Buffer) => {
      messages.push(...reader(chunk))
      if (isPassing) return
      isPassing = true
      void work().finally(() => {
        isPassing = false
      })
    })
  }

  const proxy = createServer({ noDelay: true }, (client) => {
    const server = createConnection({ port: serverPort, host: '127.0.0.1', noDelay: true })
    const end = () => {
      for (const socket of [client, server]) socket.destroy()
    }
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.on('error', end)
      socket.on('close', () => {
        sockets.delete(socket)
        end()
      })
    }
    pass({ isFromServer: false, from: client, to: server }, end)
    pass({ isFromServer: true, from: server, to: client }, end)
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  return {
    port: (proxy.address() as AddressInfo).port,
    counts,
    disturb(next) {
      plan = next
    },
    async [Symbol.asyncDispose]() {
      const closed = once(proxy, 'close')
      proxy.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/**
 * What a client could never notice is not asked of it. A Sync that the server does not get: when the statement before it
 * has failed, the server skips the next one up to that one's Sync, and all later answers are those of the statement after.
 * They have the right form, so without errors of its own only. A lost simple query is the same: every answer behind it
 * moves up by one.
 */
function mayDrop(message: Buffer, { hasErrors }: FaultPlan): boolean {
  return message[0] !== query && (message[0] !== sync || !hasErrors)
}

/** Two rows of one result in the wrong order look like any two rows, and what may come at any time is never out of order. */
function showsSwap(message: Buffer, next: Buffer, isFromServer: boolean): boolean {
  if (message[0] === next[0] || (isFromServer && [message, next].some(([type = 0]) => noticeTypes.has(type))))
    return false
  return !isFromServer || message[0] !== dataRow || next[0] !== dataRow
}

/** Splits a stream into messages; a client's first one has no type. */
function createFrameReader(isFirstUntyped: boolean): (chunk: Buffer) => Buffer[] {
  let held: Buffer = Buffer.alloc(0)
  let isUntyped = isFirstUntyped
  return (chunk) => {
    held = held.length > 0 ? Buffer.concat([held, chunk]) : chunk
    const messages: Buffer[] = []
    for (;;) {
      const start = isUntyped ? 0 : 1
      if (held.length < start + 4) return messages
      const end = start + held.readUInt32BE(start)
      if (held.length < end) return messages
      messages.push(held.subarray(0, end))
      held = held.subarray(end)
      isUntyped = false
    }
  }
}

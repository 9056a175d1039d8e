/** A tab's requests until they are answered: what to send, what to send again after the leader changed, and what not. */
import { TypystDbError } from '../../errors.ts'
import { createDeferred } from '../../internal/deferred.ts'
import type { Deferred } from '../../internal/deferred.ts'
import { decodeError } from '../worker/error-codec.ts'
import type { Answer, Call, Outcome } from '../worker/protocol.ts'

/** Requests a leader has at a time: it keeps their outcomes until the next request says that they arrived. */
const sentAtOnce = 64

/** Leaders that may fall over a request before it is given up: it may be what kills them. */
const changesAllowed = 2

/** Half of what leaders keep outcomes of silent tabs for: behind it, no outcome does not mean no effect. */
const resumableMs = 5 * 60_000

/** An open transaction of the tab: the request that began it, and the session with a leader it lives in. */
export interface OpenSession {
  readonly number: number
  readonly session: string
}

/** A request to be sent. */
export interface CallToSend {
  readonly number: number
  readonly within: number | undefined
  readonly call: Call
}

/** The requests of one tab. */
export interface PendingCalls {
  /** Adds a request; it is for the caller to send what {@link PendingCalls.toSend} then gives. */
  add(call: Call, within?: OpenSession): { readonly number: number; readonly answer: Promise<Answer> }
  /** The requests that can be sent now, in order; they count as sent. */
  toSend(session: string): CallToSend[]
  /** Every request below has been answered. */
  answeredBelow(): number
  settle(number: number, outcome: Outcome): void
  /** Requests whose fate only a leader knows. */
  toResume(): number[]
  /** Rejects the flushes that were sent; tells whether there were any. */
  rejectFlushes(error: TypystDbError): boolean
  /** @param isOrderly - The leader gave way by itself, and has not begun what it has not answered. */
  loseLeader(isOrderly: boolean): void
  /** A leader told what became of requests; what it does not know took no effect and is sent again. */
  resume(outcomes: readonly (readonly [number: number, outcome: Outcome])[]): void
  /**
   * Rejects every request: the leader that is followed carries none of them out any more. Of what a former one was asked
   * nobody knows, which its error says unless the database is closed.
   */
  rejectAll(error: TypystDbError): void
  /** The same when nothing is known of the leader that is followed, either. */
  giveUp(error: TypystDbError): void
  /** Resolves when every request has its answer, and at the latest after `timeoutMs`. */
  whenEmpty(timeoutMs: number): Promise<void>
  readonly size: number
}

interface Pending extends CallToSend {
  readonly deferred: Deferred<Answer>
  readonly session: string | undefined
  /** When it was first sent, in milliseconds since 1970. */
  sentAt: number | undefined
  isSent: boolean
  changes: number
}

export function createPendingCalls(): PendingCalls {
  const pendingByNumber = new Map<number, Pending>()
  let nextNumber = 1

  const reject = (pending: Pending, error: TypystDbError): void => {
    pendingByNumber.delete(pending.number)
    pending.deferred.reject(error)
  }

  const rejectEach = (error: TypystDbError, isOutOfReach: (pending: Pending) => boolean): void => {
    for (const pending of [...pendingByNumber.values()]) {
      const isUnknown = pending.sentAt !== undefined && isOutOfReach(pending) && error.code !== 'CLOSED'
      reject(pending, isUnknown ? leftUnknown(error) : error)
    }
  }

  return {
    add(call, within) {
      const number = nextNumber++
      const deferred = createDeferred<Answer>()
      const { number: withinNumber, session } = within ?? {}
      const pending = { number, within: withinNumber, session, call, deferred }
      pendingByNumber.set(number, { ...pending, sentAt: undefined, isSent: false, changes: 0 })
      return { number, answer: deferred.promise }
    },
    toSend(session) {
      const calls = [...pendingByNumber.values()]
      let room = sentAtOnce - calls.filter(({ isSent, within }) => isSent && within === undefined).length
      return calls.filter((pending) => {
        if (pending.isSent) return false
        if (pending.within !== undefined && pending.session !== session) {
          reject(pending, transactionLost())
          return false
        }
        // A transaction's own requests must not wait behind requests that wait for the transaction.
        if (pending.within === undefined && room-- <= 0) return false
        pending.isSent = true
        pending.sentAt ??= Date.now()
        return true
      })
    },
    answeredBelow: () => pendingByNumber.keys().next().value ?? nextNumber,
    settle(number, outcome) {
      const pending = pendingByNumber.get(number)
      pendingByNumber.delete(number)
      if (outcome.ok) pending?.deferred.resolve(outcome.answer)
      else pending?.deferred.reject(decodeError(outcome.error))
    },
    toResume: () =>
      [...pendingByNumber.values()].filter(({ sentAt }) => sentAt !== undefined).map(({ number }) => number),
    rejectFlushes(error) {
      const flushes = [...pendingByNumber.values()].filter(({ call, isSent }) => isSent && call.type === 'flush')
      for (const flush of flushes) reject(flush, error)
      return flushes.length > 0
    },
    loseLeader(isOrderly) {
      for (const pending of pendingByNumber.values()) {
        if (!pending.isSent) continue
        pending.isSent = false
        if (!isOrderly) pending.changes += 1
        // Whether a commit took place is for the next leader to say; nothing else in a transaction can have.
        if (pending.within !== undefined && pending.call.type !== 'commit') reject(pending, transactionLost())
      }
    },
    resume(outcomes) {
      for (const [number, outcome] of outcomes) this.settle(number, outcome)
      for (const pending of pendingByNumber.values()) {
        if (pending.sentAt === undefined) continue
        if (Date.now() - pending.sentAt > resumableMs) reject(pending, fateUnknown())
        else if (pending.within !== undefined) reject(pending, transactionLost())
        else if (pending.changes > changesAllowed) reject(pending, givenUp())
      }
    },
    rejectAll: (error) => rejectEach(error, ({ isSent }) => !isSent),
    giveUp: (error) => rejectEach(error, () => true),
    async whenEmpty(timeoutMs) {
      const timeout = createDeferred<undefined>()
      const timer = setTimeout(() => timeout.resolve(undefined), timeoutMs)
      const answers = [...pendingByNumber.values()].map(({ deferred }) => deferred.promise)
      await Promise.race([Promise.allSettled(answers), timeout.promise])
      clearTimeout(timer)
    },
    get size() {
      return pendingByNumber.size
    },
  }
}

function transactionLost(): TypystDbError {
  return new TypystDbError(
    'LEADER_CHANGED',
    'The tab that held the database went away in mid-transaction, which rolled it back. Run the whole of it again.',
  )
}

function givenUp(): TypystDbError {
  return new TypystDbError(
    'LEADER_CHANGED',
    'The tab that held the database went away three times while this ran, so it was given up. It changed nothing.',
  )
}

function leftUnknown(cause: TypystDbError): TypystDbError {
  return new TypystDbError(
    'LEADER_CHANGED',
    `The tab that held the database went away with the request, and nobody could go on with it in time (${cause.code}): whether it took effect is not known. Look before you repeat it.`,
    { cause },
  )
}

function fateUnknown(): TypystDbError {
  return new TypystDbError(
    'LEADER_CHANGED',
    'This tab stood still for minutes while the request was under way, and nobody knows any more whether it took effect. Look before you repeat it.',
  )
}

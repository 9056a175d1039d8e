/**
 * Gives up a connection whose server does not answer. A server that has frozen, or is cut off, keeps none of the timeouts
 * that a session sets, and TCP sees nothing wrong with it: its system still acknowledges what arrives.
 */
import type { Socket } from 'node:net'
import type { Conversation, Waiting } from './conversation.ts'
import { driverError } from './driver-error.ts'

/** Told when a connection begins to have something to do, and when it has nothing more to do. */
export interface AnswerListeners {
  readonly onBusy: () => void
  /** @param isInTransaction - A transaction is open, whose next statement is yet to come. */
  readonly onIdle: (isInTransaction: boolean) => void
}

/** To be told when something was sent, and when a statement was answered in full. */
export interface AnswerWatch {
  sent(before: Waiting): void
  answered(): void
}

/** How long an answer may take. */
export interface AnswerPatience {
  /** In milliseconds; without it, as long as it likes. */
  readonly responseTimeoutMs: number | undefined
  /** Asked each time that an answer took so long: whether to wait as long again. Without it, no. */
  readonly mayAnswer?: (() => Promise<boolean>) | undefined
}

/**
 * Destroys the socket when a statement on it was not answered for so long. Statements before it in the same connection do
 * not count, nor does a transaction that stands idle.
 */
export function watchAnswers(
  socket: Socket,
  conversation: Conversation,
  { responseTimeoutMs: timeoutMs, mayAnswer = () => Promise.resolve(false) }: AnswerPatience,
  { onBusy, onIdle }: AnswerListeners,
): AnswerWatch {
  let waitingSince = 0
  let timer: NodeJS.Timeout | undefined
  const isWaiting = () => conversation.waiting().isWaiting && !socket.destroyed
  const wait = () => {
    if (timeoutMs === undefined) return
    waitingSince = performance.now()
    // One timer for many statements: to set one for each takes longer than to look at the clock. The process is held by
    // the socket, while something is unanswered.
    if (isWaiting()) timer ??= setTimeout(look, timeoutMs).unref()
  }
  const look = () => {
    timer = undefined
    if (timeoutMs === undefined || !isWaiting()) return
    const since = waitingSince
    const leftMs = since + timeoutMs - performance.now()
    if (leftMs > 0) timer = setTimeout(look, leftMs).unref()
    // When this process was busy for so long, the answer may be there already: it is read before this runs.
    else setImmediate(() => void goOnOrGiveUp(since))
  }
  const goOnOrGiveUp = async (since: number) => {
    const isOverdue = () => isWaiting() && waitingSince === since
    if (!isOverdue()) return
    const isHopeful = await mayAnswer()
    if (!isOverdue()) return
    if (isHopeful) wait()
    else socket.destroy(driverError('RESPONSE_TIMEOUT'))
  }
  socket.once('close', () => clearTimeout(timer))
  return {
    sent(before) {
      if (!before.isWaiting) onBusy()
      // The second half of a statement counts anew, others behind it do not.
      if (!before.isWaiting || before.isHalf) wait()
    },
    answered() {
      if (!isWaiting()) onIdle(conversation.isInTransaction())
      wait()
    },
  }
}

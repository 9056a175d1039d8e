/** What a tab sends, what it sends again after the leader changed, and what it gives up. */
import { expect, it, vi } from 'vitest'
import { createPendingCalls } from '../../../src/app/tab/pending-calls.ts'
import { TypystDbError } from '../../../src/errors.ts'
import type { Call, Outcome } from '../../../src/app/worker/protocol.ts'

const flush: Call = { type: 'flush' }
const done: Outcome = { ok: true, answer: { type: 'done' } }
const numbers = (calls: readonly { readonly number: number }[]) => calls.map(({ number }) => number)

it('sends a request once to a leader, and again to the next one that does not know it', async () => {
  const calls = createPendingCalls()
  const { answer } = calls.add(flush)
  expect(numbers(calls.toSend('a'))).toEqual([1])
  expect(calls.toSend('a')).toEqual([])
  calls.loseLeader(false)
  expect(calls.toResume()).toEqual([1])
  calls.resume([])
  expect(numbers(calls.toSend('b'))).toEqual([1])
  calls.settle(1, done)
  expect(await answer).toEqual({ type: 'done' })
})

it('takes the outcome a leader has stored, and does not send the request again', async () => {
  const calls = createPendingCalls()
  const { answer } = calls.add(flush)
  calls.toSend('a')
  calls.loseLeader(false)
  calls.resume([[1, done]])
  expect(await answer).toEqual({ type: 'done' })
  expect(calls.toSend('b')).toEqual([])
})

it('gives a request up that three leaders did not survive, and not one that they handed on', async () => {
  const calls = createPendingCalls()
  const { answer } = calls.add(flush)
  for (const session of ['a', 'b', 'c', 'd', 'e']) {
    calls.toSend(session)
    calls.loseLeader(true)
    calls.resume([])
  }
  expect(calls.size).toBe(1)
  for (const session of ['f', 'g', 'h']) {
    calls.toSend(session)
    calls.loseLeader(false)
    calls.resume([])
  }
  await expect(answer).rejects.toMatchObject({ code: 'LEADER_CHANGED' })
})

it('fails the statements of a transaction at once, and a commit when the next leader does not know it', async () => {
  const calls = createPendingCalls()
  const session = { number: calls.add({ type: 'begin' }).number, session: 'a' }
  calls.toSend('a')
  calls.settle(1, done)
  const statement = calls.add(flush, session)
  const commit = calls.add({ type: 'commit' }, session)
  expect(numbers(calls.toSend('a'))).toEqual([2, 3])
  calls.loseLeader(false)
  await expect(statement.answer).rejects.toMatchObject({ code: 'LEADER_CHANGED' })
  expect(calls.toResume()).toEqual([3])
  calls.resume([])
  await expect(commit.answer).rejects.toMatchObject({ code: 'LEADER_CHANGED' })
  const late = calls.add(flush, session)
  expect(calls.toSend('b')).toEqual([])
  await expect(late.answer).rejects.toMatchObject({ code: 'LEADER_CHANGED' })
})

it('says that a commit took place when the next leader knows it', async () => {
  const calls = createPendingCalls()
  const session = { number: calls.add({ type: 'begin' }).number, session: 'a' }
  calls.toSend('a')
  calls.settle(1, done)
  const commit = calls.add({ type: 'commit' }, session)
  calls.toSend('a')
  calls.loseLeader(false)
  calls.resume([[2, done]])
  expect(await commit.answer).toEqual({ type: 'done' })
})

it('keeps the rest back while 64 are under way, but not the requests of a transaction', () => {
  const calls = createPendingCalls()
  for (let count = 0; count < 70; count += 1) calls.add(flush)
  expect(calls.toSend('a')).toHaveLength(64)
  calls.add(flush, { number: 1, session: 'a' })
  expect(numbers(calls.toSend('a'))).toEqual([71])
  calls.settle(2, done)
  expect(numbers(calls.toSend('a'))).toEqual([65])
  expect(calls.answeredBelow()).toBe(1)
})

it('does not repeat what was sent so long ago that its outcome may be forgotten', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  try {
    const calls = createPendingCalls()
    const { answer } = calls.add(flush)
    calls.toSend('a')
    vi.setSystemTime(Date.now() + 6 * 60_000)
    calls.loseLeader(false)
    calls.resume([])
    await expect(answer).rejects.toMatchObject({ code: 'LEADER_CHANGED' })
  } finally {
    vi.useRealTimers()
  }
})

it('says of a request that was sent that nobody knows, when nobody can go on with it, and of others why', async () => {
  const calls = createPendingCalls()
  const sent = calls.add(flush)
  calls.toSend('a')
  calls.loseLeader(false)
  const waiting = calls.add(flush)
  calls.giveUp(new TypystDbError('STORAGE_BLOCKED', 'In the way.'))
  await expect(sent.answer).rejects.toMatchObject({ code: 'LEADER_CHANGED', cause: { code: 'STORAGE_BLOCKED' } })
  await expect(waiting.answer).rejects.toMatchObject({ code: 'STORAGE_BLOCKED' })
  expect(calls.size).toBe(0)
})

it('tells requests apart when all are rejected: those a former leader has, those of this one, and all when it is closed', async () => {
  const outdated = new TypystDbError('SCHEMA_OUTDATED', 'Too old.')
  const calls = createPendingCalls()
  const former = calls.add(flush)
  calls.toSend('a')
  calls.loseLeader(false)
  calls.rejectAll(outdated)
  await expect(former.answer).rejects.toMatchObject({ code: 'LEADER_CHANGED', cause: { code: 'SCHEMA_OUTDATED' } })
  const current = calls.add(flush)
  calls.toSend('b')
  calls.rejectAll(outdated)
  await expect(current.answer).rejects.toBe(outdated)
  const closed = calls.add(flush)
  calls.toSend('b')
  calls.loseLeader(false)
  calls.rejectAll(new TypystDbError('CLOSED', 'Closed.'))
  await expect(closed.answer).rejects.toMatchObject({ code: 'CLOSED' })
})

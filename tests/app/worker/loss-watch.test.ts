/** What a tab knows of acknowledged changes that a leader took along. */
import { expect, it } from 'vitest'
import { createLossWatch } from '../../../src/app/tab/loss-watch.ts'

const inPhase = (phase: 'clean' | 'pending' | 'failing') => ({
  phase,
  error: undefined,
  storedBytes: 0,
  hasLostData: false,
})

it.each([
  ['pending', false, true],
  ['failing', false, true],
  ['clean', false, false],
  ['pending', true, false],
] as const)(
  'a leader whose storage was %s, gone in good order: %s, lost something: %s',
  (phase, isOrderly, expected) => {
    const loss = createLossWatch()
    loss.noteStorage(inPhase(phase))
    loss.noteLeaderLost(isOrderly)
    expect(loss.hasLost()).toBe(expected)
  },
)

it('tells once, also when the next leader loses nothing', () => {
  const loss = createLossWatch()
  loss.noteStorage(inPhase('pending'))
  loss.noteLeaderLost(false)
  loss.noteStorage(inPhase('clean'))
  loss.noteLeaderLost(false)
  expect(loss.hasLost()).toBe(true)
  expect(loss.takeLost()).toBe(true)
  loss.noteLeaderLost(false)
  expect(loss.hasLost()).toBe(false)
})

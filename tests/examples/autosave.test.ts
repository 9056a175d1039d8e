/** The example's autosave writes what was edited, in order, and forgets nothing that failed. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createAutosave } from '../../examples/notes/page/editor/autosave.ts'
import type { Draft } from '../../examples/notes/page/editor/autosave.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** An autosave over a store whose writes end when the test says so. */
function setUp() {
  const stored: Draft[] = []
  const states: string[] = []
  const writes: PromiseWithResolvers[] = []
  const autosave = createAutosave({
    delayMs: 400,
    onState: (state) => states.push(state),
    save: async (draft) => {
      const write = promiseWithResolvers()
      writes.push(write)
      await write.promise
      stored.push(draft)
    },
  })
  const edit = (content: string) => autosave.edited('note', () => content)
  return { autosave, edit, stored, states, writes }
}

interface PromiseWithResolvers {
  promise: Promise<void>
  resolve: () => void
  reject: (error: Error) => void
}

function promiseWithResolvers(): PromiseWithResolvers {
  let resolve = () => {}
  let reject: (error: Error) => void = () => {}
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}

test('writes once the typing pauses, and only the last text', async () => {
  const { edit, stored, states, writes } = setUp()
  edit('a')
  edit('ab')
  await vi.advanceTimersByTimeAsync(400)
  expect(writes).toHaveLength(1)
  writes[0]?.resolve()
  await vi.advanceTimersByTimeAsync(0)
  expect(stored).toEqual([{ entryId: 'note', content: 'ab' }])
  expect(states.at(-1)).toBe('saved')
})

test('writes what was typed during a write after it, and counts both as unsaved until then', async () => {
  const { autosave, edit, stored, writes } = setUp()
  edit('a')
  const flushed = autosave.flush()
  expect(autosave.draft()?.content).toBe('a')
  edit('ab')
  expect(autosave.draft()?.content).toBe('ab')
  writes[0]?.resolve()
  await vi.advanceTimersByTimeAsync(0)
  writes[1]?.resolve()
  await flushed
  expect(stored.map(({ content }) => content)).toEqual(['a', 'ab'])
  expect(autosave.draft()).toBeUndefined()
})

test('keeps the text of a write that failed, and tries again when asked', async () => {
  const { autosave, edit, stored, states, writes } = setUp()
  edit('a')
  const flushed = autosave.flush()
  writes[0]?.reject(new Error('no room'))
  await expect(flushed).rejects.toThrow('no room')
  expect(states.at(-1)).toBe('failed')
  expect(autosave.draft()?.content).toBe('a')
  const again = autosave.flush()
  writes[1]?.resolve()
  await again
  expect(stored).toHaveLength(1)
})

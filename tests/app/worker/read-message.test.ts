/** What channels and ports carry beside messages: everything that can be cloned, and messages with something wrong in them. */
import { expect, it } from 'vitest'
import {
  readDiscovery,
  readFromWorker,
  readToClient,
  readToLeader,
  readToWorker,
} from '../../../src/app/worker/read-message.ts'
import type { ToClient, ToLeader } from '../../../src/app/worker/protocol.ts'
import { createRandom } from '../../support/random.ts'

const readers = [readDiscovery, readFromWorker, readToClient, readToLeader, readToWorker]

const messages: readonly (ToClient | ToLeader)[] = [
  { type: 'destroy', session: 's', name: 'notes' },
  { type: 'detach' },
  {
    type: 'call',
    session: 's',
    number: 1,
    answeredBelow: 1,
    within: undefined,
    call: {
      type: 'query',
      text: 'select 1',
      params: [null, { a: 1 }],
      options: { textTypes: [], serializedTypes: [20], wantsNotices: false, rowMode: 'array' },
    },
  },
  {
    type: 'attach',
    session: 's',
    protocol: 1,
    durability: 'strict',
    memoryFallback: false,
    migrations: { app: [{ name: '0000', up: 'select 1', createdAt: 1 }], consumer: [] },
    channels: ['notes'],
    resume: [1, 2],
  },
  {
    type: 'attached',
    session: 's',
    kind: 'indexeddb',
    fallbackCause: undefined,
    storage: { phase: 'clean', error: undefined, storedBytes: 1, hasLostData: false },
    outcomes: [[1, { ok: true, answer: { type: 'done' } }]],
  },
  {
    type: 'answer',
    session: 's',
    number: 1,
    outcome: {
      ok: true,
      answer: {
        type: 'results',
        results: [{ rows: [[1]], fields: [{ name: 'n', dataTypeID: 23 }], affectedRows: 0 }],
        notices: [],
      },
    },
  },
  { type: 'refused', session: 's', error: { name: 'TypystDbError', message: 'No.', code: 'CLOSED' } },
]

const junk: readonly unknown[] = [
  ...[undefined, null, 0, -1, NaN, 'attach', true, 1n, [], {}, new Date(), new Map([['type', 'attach']]), /a/],
  ...[new Uint8Array(9), new Blob(['x']), new Error('x'), 'x'.repeat(1_000_000)],
  ...['toString', '__proto__', 'constructor', 'attach', 'call', 'answer'].map((type) => ({ type })),
]

it('reads what is a message', () => {
  for (const message of messages) {
    expect(readers.map((read) => read(message)).filter((read) => read !== undefined)[0]).toBe(message)
  }
})

it('reads nothing else, and throws at nothing', () => {
  for (const read of readers) for (const value of junk) expect(read(value)).toBeUndefined()
})

it('reads no message whose parts are of another kind', () => {
  const random = createRandom(18)
  const optional = ['fallbackCause', 'storage', 'within', 'rowMode', 'createdAt', 'code', 'affectedRows']
  for (const message of messages) {
    for (const field of Object.keys(message)) {
      if (optional.includes(field)) continue
      for (let round = 0; round < 20; round += 1) {
        const wrong = [null, -1.5, {}, Symbol.iterator, 'x'.repeat(101)][random(5)]
        if (field !== 'type' && typeof wrong === 'string' && !['session', 'leaderId'].includes(field)) continue
        const forged = { ...message, [field]: wrong }
        for (const read of readers) expect(read(forged), `${message.type}.${field}`).toBeUndefined()
      }
    }
  }
})

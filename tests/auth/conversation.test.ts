/** The order of messages, as Postgres sends them and as it never does. */
import { describe, expect, it } from 'vitest'
import { createConversation } from '../../src/auth/connection/conversation.ts'

interface Message {
  readonly type: string
  readonly body: Buffer
}

const message = (type: string, body: string | Buffer = ''): Message => ({ type, body: Buffer.from(body) })
const word = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
const row = message('D')
const idle = message('Z', 'I')
const rowsOf = (count: number) => Array.from({ length: count }, () => row)

const login = [message('R', word(10)), message('R', word(11)), message('R', word(12)), message('R', word(0))]
const afterLogin = [message('S', 'TimeZone\0UTC\0'), message('K'), idle]

/** What is asked, and what Postgres answers. */
const exchanges: Readonly<Record<string, readonly [asked: readonly Message[], answered: readonly Message[]]>> = {
  'one row, unnamed': [
    [message('P', '\0select\0'), message('D', 'S\0'), message('B', '\0\0'), message('E'), message('S')],
    [message('1'), message('t'), message('T'), message('2'), row, message('C', 'SELECT 1\0'), idle],
  ],
  'many rows of a statement that is known': [
    [
      ...[message('P', 'kept\0select\0'), message('D', 'Skept\0'), message('S'), message('B', '\0kept\0')],
      ...[message('E'), message('S')],
    ],
    [
      ...[message('1'), message('t'), message('T'), idle, message('2'), ...rowsOf(3)],
      ...[message('C', 'SELECT 3\0'), idle],
    ],
  ],
  'no rows': [
    [message('P', '\0update\0'), message('D', 'S\0'), message('B', '\0\0'), message('E'), message('S')],
    [message('1'), message('t'), message('n'), message('2'), message('C', 'UPDATE 7\0'), idle],
  ],
  'returned rows': [
    [message('P', '\0insert\0'), message('D', 'S\0'), message('B', '\0\0'), message('E'), message('S')],
    [message('1'), message('t'), message('T'), message('2'), ...rowsOf(2), message('C', 'INSERT 0 2\0'), idle],
  ],
  'an error in the middle of its rows': [
    [message('P', '\0select\0'), message('D', 'S\0'), message('B', '\0\0'), message('E'), message('S')],
    [message('1'), message('t'), message('T'), message('2'), ...rowsOf(2), message('E'), idle],
  ],
  'an error of the text, and what was asked behind it': [
    [
      ...[message('P', '\0select\0'), message('D', 'S\0'), message('B', '\0\0'), message('E'), message('S')],
      ...[message('P', '\0select\0'), message('D', 'S\0'), message('B', '\0\0'), message('E'), message('S')],
    ],
    [
      ...[message('E'), idle, message('1'), message('t'), message('T'), message('2'), row],
      ...[message('C', 'SELECT 1\0'), idle],
    ],
  ],
  'an error when it is committed': [
    [message('P', '\0insert\0'), message('D', 'S\0'), message('B', '\0\0'), message('E'), message('S')],
    [message('1'), message('t'), message('n'), message('2'), message('C', 'INSERT 0 1\0'), message('E'), idle],
  ],
  'several statements in one text': [
    [message('Q', 'select 1; update; select\0')],
    [
      ...[message('T'), row, message('C', 'SELECT 1\0'), message('C', 'UPDATE 3\0')],
      ...[message('T'), ...rowsOf(2), message('C', 'SELECT 2\0'), idle],
    ],
  ],
  'an empty text': [[message('Q', '\0')], [message('I'), idle]],
  'a transaction': [
    [
      message('Q', 'begin \0'),
      message('P', '\0commit\0'),
      message('D', 'S\0'),
      message('B', '\0\0'),
      message('E'),
      message('S'),
    ],
    [
      ...[message('C', 'BEGIN\0'), message('Z', 'T')],
      ...[message('1'), message('t'), message('n'), message('2'), message('C', 'COMMIT\0'), idle],
    ],
  ],
}

/** Whether everything may come, and nothing is due at the end. */
function fits(asked: readonly Message[], answered: readonly Message[]): boolean {
  const conversation = createConversation()
  const say = (messages: readonly Message[]) => conversation.sent(Buffer.concat(messages.map(bytesOf))) === undefined
  const hear = (message: Message) => conversation.received(bytesOf(message)).fault === undefined
  conversation.sent(Buffer.concat([word(8), word(196_608)]))
  if (![...login, ...afterLogin].every(hear)) throw new Error('The login does not pass.')
  if (!say(asked) || !answered.every(hear)) return false
  // One more exchange: what is due still, or has come too early, shows here.
  const [again = [], answer = []] = exchanges['one row, unnamed'] ?? []
  return say(again) && answer.every(hear)
}

function bytesOf({ type, body }: Message): Buffer {
  return Buffer.concat([Buffer.from(type), word(4 + body.length), body])
}

/** What an error behind it throws away, and the results of a simple query, which nothing reads. */
function isOfNoMatter(asked: readonly Message[], answered: readonly Message[], index: number): boolean {
  const { type = '' } = answered[index] ?? {}
  const rest = answered.slice(index).map((message) => message.type)
  const errorAt = rest.indexOf('E')
  const isDiscarded = 'DC'.includes(type) && errorAt >= 0 && errorAt < rest.indexOf('Z')
  return isDiscarded || ('CITD'.includes(type) && asked.some((message) => message.type === 'Q'))
}

describe.each(Object.entries(exchanges))('%s', (_, [asked, answered]) => {
  it('passes as it is, with notices anywhere', () => {
    expect(fits(asked, answered)).toBe(true)
    for (const [index] of answered.entries()) {
      expect(fits(asked, answered.toSpliced(index, 0, message('N'), message('S'), message('A')))).toBe(true)
    }
  })

  it('does not pass when a message is missing, comes twice or comes too early', () => {
    for (const [index, current] of answered.entries()) {
      const name = `${current.type} at ${index}`
      if (isOfNoMatter(asked, answered, index)) continue
      // Without the error a commit that failed looks like one that did not: no client could notice.
      const isNoticed = current.type !== 'E' || answered[index - 1]?.type !== 'C'
      expect(fits(asked, answered.toSpliced(index, 1)), `without ${name}`).toBe(!isNoticed)
      // The same error twice is one.
      expect(fits(asked, answered.toSpliced(index, 0, current)), `twice ${name}`).toBe(current.type === 'E')
      const next = answered[index + 1]
      if (next && next.type !== current.type) {
        expect(fits(asked, answered.toSpliced(index, 2, next, current)), `after its next ${name}`).toBe(false)
      }
    }
  })
})

it('lets no statement leave a transaction or a copy behind', () => {
  const statement = [message('P', '\0do\0'), message('D', 'S\0'), message('B', '\0\0'), message('E'), message('S')]
  const answer = [message('1'), message('t'), message('n'), message('2'), message('C', 'BEGIN\0')]
  expect(fits(statement, [...answer, message('Z', 'T')])).toBe(false)
  for (const copy of ['G', 'H', 'W']) expect(fits(statement, [...answer.slice(0, 4), message(copy)])).toBe(false)
  expect(fits([message('Q', 'copy\0')], [message('G')])).toBe(false)
})

it('takes nothing that was not asked for', () => {
  for (const type of ['1', 'D', 'C', 'E', 'Z', 'x']) expect(fits([], [message(type, 'I')])).toBe(false)
})

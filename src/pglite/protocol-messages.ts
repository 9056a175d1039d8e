/** Reads and changes single protocol messages, https://www.postgresql.org/docs/18/protocol-message-formats.html. */

/** Types of messages a client sends. */
export const messageTypes = {
  parse: 80,
  bind: 66,
  describe: 68,
  execute: 69,
  query: 81,
  sync: 83,
  terminate: 88,
} as const

/** What a `describe` message describes, and what a `close` message closes. */
const statementKind = 83
const portalKind = 80

/** Behind its type and its length. */
const bodyAt = 5
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Whether a message asks for the description of the portal. */
export function describesPortal([type, , , , , kind]: Uint8Array): boolean {
  return type === messageTypes.describe && kind === portalKind
}

/** Whether a message asks for the description of the statement without a name. */
export function describesUnnamed([type, , , , , kind, name]: Uint8Array): boolean {
  return type === messageTypes.describe && kind === statementKind && name === 0
}

/** The whole of a `sync` message. */
const syncMessage = [messageTypes.sync, 0, 0, 0, 4]

/** Whether Postgres tells at the end of its answer that it is ready: behind a query, or a message that ends in `sync`. */
export function endsInSync(message: Uint8Array): boolean {
  if (message[0] === messageTypes.query) return true
  const at = message.length - syncMessage.length
  return syncMessage.every((byte, offset) => message[at + offset] === byte)
}

/** Types of all messages that a client may send once its session has begun. */
const clientTypes = new Set(Array.from('BCDEFHPQScdf', (type) => type.charCodeAt(0)))

/** Those that Postgres takes for a sign of lost order when they are long. */
const shortTypes = new Set(Array.from('CDEHScf', (type) => type.charCodeAt(0)))

/** Postgres' `PQ_SMALL_MESSAGE_LIMIT`, in bytes. */
const longestShort = 10_000

/** Version 3 of the protocol, behind the length of the message that begins a session. */
const protocolMajor = 3

/** Whether bytes are messages of a client one after the other, each of them whole. */
export function isWhole(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // PGlite answers the beginning of a session, which has no type, by itself.
  if (bytes[0] === 0) {
    return bytes.length >= 8 && view.getUint32(0) === bytes.length && view.getUint16(4) === protocolMajor
  }
  // It takes no notice of an end of the session, which Postgres would.
  if (bytes[0] === messageTypes.terminate) return true
  let at = 0
  while (at + bodyAt <= bytes.length) {
    const type = view.getUint8(at)
    const length = view.getUint32(at + 1)
    if (!clientTypes.has(type)) return false
    if (length < 4 || (length > longestShort && shortTypes.has(type))) return false
    at += 1 + length
  }
  return at === bytes.length
}

/** Whole messages, one by one. */
export function* splitMessages(bytes: Uint8Array): Generator<Uint8Array, void> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at + bodyAt <= bytes.length;) {
    const next = at + 1 + view.getUint32(at + 1)
    yield bytes.subarray(at, next)
    at = next
  }
}

/** The text of the statements that a message brings; none for one that brings none. */
export function statementText(message: Uint8Array): string | undefined {
  const [type] = message
  if (type === messageTypes.query) return decoder.decode(message.subarray(bodyAt, -1))
  if (type !== messageTypes.parse) return undefined
  const textAt = message.indexOf(0, bodyAt) + 1
  return decoder.decode(message.subarray(textAt, message.indexOf(0, textAt)))
}

/** The text of a `parse` message for the statement without a name; none when it fixes types of parameters as well. */
export function unnamedText(parse: Uint8Array): string | undefined {
  const textAt = bodyAt + 1
  const end = parse.indexOf(0, textAt)
  // Behind the text there are only the two bytes of a count, which is zero then.
  if (parse[bodyAt] !== 0 || end !== parse.length - 3) return undefined
  return decoder.decode(parse.subarray(textAt, end))
}

/** A `parse` message without a name, with one. */
export function withName(parse: Uint8Array, name: string): Uint8Array[] {
  return [head(messageTypes.parse, parse.length + name.length, `${name}\0`), parse.subarray(bodyAt + 1)]
}

/** A `bind` message for the portal and the statement without names, for a statement with one; others as they are. */
export function withStatement(message: Uint8Array, name: string): Uint8Array[] {
  const [type, , , , , portal, statement] = message
  if (type !== messageTypes.bind || portal !== 0 || statement !== 0) return [message]
  return [head(type, message.length + name.length, `\0${name}\0`), message.subarray(bodyAt + 2)]
}

/** A parameter as it is sent: as text, in binary form, or none. */
export type BindValue = string | ArrayBuffer | ArrayBufferView | null

/**
 * A `bind` message for the portal without a name, with other messages behind it. PGlite's writer counts the bytes of each
 * text twice and copies them three times, which is a fifth of the JavaScript that an insert takes.
 */
export function bindWith(statement: string, values: readonly BindValue[], behind: Uint8Array): Uint8Array {
  // A unit of UTF-16 becomes three bytes of UTF-8 at most.
  let most = bodyAt + 1 + statement.length * 3 + 1 + 6 + behind.length
  for (const value of values) most += 6 + (value === null ? 0 : isText(value) ? value.length * 3 : value.byteLength)
  const bytes = new Uint8Array(most)
  const view = new DataView(bytes.buffer)
  let at = bodyAt + 1
  const addInt16 = (number: number): void => {
    view.setUint16(at, number)
    at += 2
  }
  at += encoder.encodeInto(statement, bytes.subarray(at)).written + 1
  addInt16(values.length)
  for (const value of values) addInt16(value === null || isText(value) ? 0 : 1)
  addInt16(values.length)
  for (const value of values) {
    const lengthAt = at
    at += 4
    if (isText(value)) at += encoder.encodeInto(value, bytes.subarray(at)).written
    else if (value !== null) {
      bytes.set(bytesOf(value), at)
      at += value.byteLength
    }
    view.setInt32(lengthAt, value === null ? -1 : at - lengthAt - 4)
  }
  // All of the result as text.
  addInt16(0)
  bytes[0] = messageTypes.bind
  view.setUint32(1, at - 1)
  bytes.set(behind, at)
  return bytes.subarray(0, at + behind.length)
}

const isText = (value: BindValue): value is string => typeof value === 'string'

function bytesOf(value: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value)
}

/** The beginning of a message that has `length` bytes as a whole. */
function head(type: number, length: number, start: string): Uint8Array {
  const bytes = new Uint8Array(bodyAt + start.length)
  bytes[0] = type
  new DataView(bytes.buffer).setUint32(1, length - 1)
  encoder.encodeInto(start, bytes.subarray(bodyAt))
  return bytes
}

/** Messages as one. */
export function joinMessages(messages: readonly Uint8Array[]): Uint8Array {
  const [only] = messages
  if (only && messages.length === 1) return only
  const joined = new Uint8Array(messages.reduce((length, message) => length + message.length, 0))
  let at = 0
  for (const message of messages) {
    joined.set(message, at)
    at += message.length
  }
  return joined
}

/** What single messages between a client and Postgres are and say. */

/** Types of messages; https://www.postgresql.org/docs/current/protocol-message-formats.html */
export const messageTypes = {
  client: { parse: 0x50, bind: 0x42, describe: 0x44, execute: 0x45, close: 0x43, sync: 0x53, flush: 0x48, query: 0x51 },
  server: {
    parseComplete: 0x31,
    bindComplete: 0x32,
    closeComplete: 0x33,
    parameterDescription: 0x74,
    rowDescription: 0x54,
    noData: 0x6e,
    dataRow: 0x44,
    commandComplete: 0x43,
    emptyQuery: 0x49,
    errorResponse: 0x45,
    readyForQuery: 0x5a,
    notice: 0x4e,
    notification: 0x41,
    parameterStatus: 0x53,
    copyIn: 0x47,
    copyOut: 0x48,
    copyBoth: 0x57,
  },
} as const

/** The status of a session in no transaction. */
export const idle = 0x49

/** The field of an error that says where in the server's source it was raised. */
const routine = 0x52

/**
 * Keeps postgres.js from sending a statement again whose plan is stale, which it knows by this field. When several of them wait
 * on the connection, it sends the descriptions of the second before it has bound the first, takes the answers to both for
 * those of the first, and waits for the second for ever (3.4.9). The executor runs such a statement again by itself.
 */
export function hideRoutine(bytes: Buffer, first: number, end: number): void {
  for (let at = first; at < end - 1;) {
    if (bytes[at] === routine && bytes[at + 1] !== 0) bytes[at + 1] = 0x2d
    const next = bytes.indexOf(0, at) + 1
    if (next === 0) return
    at = next
  }
}

/** Whether it takes the whole of a message to judge it; of all others the type is enough. */
export function isJudgedWhole(type: number): boolean {
  const { errorResponse, readyForQuery, commandComplete } = messageTypes.server
  return type === errorResponse || type === readyForQuery || type === commandComplete
}

const select = Buffer.from('SELECT ')
const tagsOfChanges = ['INSERT ', 'UPDATE ', 'DELETE ', 'MERGE '].map((tag) => Buffer.from(tag))

/**
 * Whether all rows have come that a statement says it gave: each is a message of its own. A `select` that makes a table says so
 * of rows that it does not give, and a change that it was asked to return them only where it was.
 */
export function isComplete(
  bytes: Buffer,
  at: number,
  end: number,
  rows: number,
  returnsRows: boolean | undefined,
): boolean {
  const isSelect = startsWith(bytes, at, select)
  if (isSelect ? rows === 0 && returnsRows !== true : returnsRows !== true) return true
  if (!isSelect && !tagsOfChanges.some((tag) => startsWith(bytes, at, tag))) return true
  let count = 0
  for (let digitAt = end - 2, weight = 1; digitAt > at; digitAt -= 1, weight *= 10) {
    const digit = (bytes[digitAt] ?? 0) - 0x30
    if (digit < 0 || digit > 9) break
    count += digit * weight
  }
  return count === rows
}

function startsWith(bytes: Buffer, at: number, tag: Buffer): boolean {
  return bytes[at] === tag[0] && bytes.compare(tag, 0, tag.length, at, at + tag.length) === 0
}

/** Takes the message out of what a server sends with which it ends a session. */

/** Types of messages; https://www.postgresql.org/docs/current/protocol-message-formats.html */
const message = { errorResponse: 0x45, readyForQuery: 0x5a }

/** Severities after which the server ends the session; https://www.postgresql.org/docs/current/runtime-config-logging.html */
const farewells = new Set(['FATAL', 'PANIC'])

/** Reads along. */
export interface FarewellReader {
  /** What is to be passed on of a chunk, and what the server ended the session with. */
  read(chunk: Buffer): { readonly rest: Buffer; readonly farewell: Error | undefined }
  /** Whether the server has taken the login. */
  isLoggedIn(): boolean
}

/** Reads the messages of one session, which may be spread over several chunks. */
export function createFarewellReader(): FarewellReader {
  // The part of a header or of an error that came at the end of a chunk.
  let held: Buffer = Buffer.alloc(0)
  let toSkip = 0
  let isLoggedIn = false
  return {
    read(chunk) {
      const bytes = held.length > 0 ? Buffer.concat([held, chunk]) : chunk
      held = Buffer.alloc(0)
      let at = toSkip
      while (at < bytes.length) {
        const type = bytes[at]
        if (type === message.readyForQuery) isLoggedIn = true
        const end = at + 5 <= bytes.length ? at + 1 + bytes.readUInt32BE(at + 1) : undefined
        if (end === undefined || (type === message.errorResponse && end > bytes.length)) {
          held = bytes.subarray(at)
          break
        }
        if (type === message.errorResponse) {
          const farewell = readFarewell(bytes.subarray(at + 5, end))
          if (farewell) return { rest: bytes.subarray(0, at), farewell }
        }
        at = end
      }
      toSkip = held.length > 0 ? 0 : at - bytes.length
      return { rest: bytes.subarray(0, bytes.length - held.length), farewell: undefined }
    },
    isLoggedIn: () => isLoggedIn,
  }
}

/** An error as postgres.js would make it, when it ends the session. */
function readFarewell(body: Buffer): Error | undefined {
  const fields = new Map(
    body
      .toString()
      .split('\0')
      .map((field) => [field.slice(0, 1), field.slice(1)]),
  )
  // "V" is never translated; servers before version 9.6 and some poolers have only "S".
  const severity = fields.get('V') ?? fields.get('S') ?? ''
  if (!farewells.has(severity)) return undefined
  return Object.assign(new Error(fields.get('M')), { name: 'PostgresError', code: fields.get('C'), severity })
}

/**
 * Lets a connection log in with nothing but its login. postgres.js gathers what is shorter than 1 KB and writes it when
 * Node has nothing else to do. A connection that closes before that keeps what was gathered, and the mark that somebody
 * will write it: from then on it writes nothing, and each attempt to connect again takes as long as the connect timeout
 * (3.4.9; https://github.com/porsager/postgres/pull/1168). A login of 1 KB is written at once, which clears both.
 */
import type { Socket } from 'node:net'

const paddingName = 'padding'

/** A setting that makes the login long enough. */
export const loginPadding: Readonly<Record<string, string>> = { [paddingName]: ' '.repeat(1024) }

/** Version 3.0 of the protocol; https://www.postgresql.org/docs/current/protocol-message-formats.html */
const protocolVersion = 196_608

/** Takes out of the first thing that is written what is left of the connection before, and the padding. */
export function cleanLogin(socket: Socket): void {
  const write = socket.write.bind(socket)
  Object.assign(socket, {
    write(chunk: Buffer, done?: (error?: Error | null) => void) {
      Object.assign(socket, { write })
      return write(withoutPadding(loginIn(chunk)), done)
    },
  })
}

/** A login says how long it is, and is the last thing in the chunk. What asks to cancel a query is no login, and stays. */
function loginIn(chunk: Buffer): Buffer {
  for (let at = 0; at + 8 <= chunk.length; at += 1) {
    const isLogin = chunk.readUInt32BE(at) === chunk.length - at && chunk.readUInt32BE(at + 4) === protocolVersion
    if (isLogin) return chunk.subarray(at)
  }
  return chunk
}

function withoutPadding(login: Buffer): Buffer {
  const padding = Buffer.from(`${paddingName}\0${String(loginPadding[paddingName])}\0`)
  const at = login.indexOf(padding)
  if (at < 0) return login
  const cleaned = Buffer.concat([login.subarray(0, at), login.subarray(at + padding.length)])
  cleaned.writeUInt32BE(cleaned.length)
  return cleaned
}

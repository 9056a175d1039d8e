/** Sends the protocol messages of a query in two calls into WebAssembly; PGlite makes one for each of six. */
import type { PGlite } from '@electric-sql/pglite'

/** Types of messages, https://www.postgresql.org/docs/18/protocol-message-formats.html. */
const [parse, bind, execute, describe] = new TextEncoder().encode('PBED')
const [portal] = new TextEncoder().encode('P')

/** Where a message of the type `describe` says what it describes: behind its type and its length. */
const describedAt = 5

/**
 * Makes a client hold a query's messages back until an answer is needed: for the types of the parameters, and at the end.
 * PGlite's query lock keeps the messages of two queries apart, and a query ends with `sync` whatever happens to it.
 */
export function batchProtocol(client: Pick<PGlite, 'execProtocolStream'>): void {
  const send = client.execProtocolStream.bind(client)
  let held: Uint8Array[] = []
  client.execProtocolStream = (message, options) => {
    held.push(message)
    if (canWait(message)) return Promise.resolve([])
    const messages = held
    held = []
    return send(messages.length === 1 ? message : join(messages), options)
  }
}

function canWait(message: Uint8Array): boolean {
  const [type] = message
  return type === parse || type === bind || type === execute || (type === describe && message[describedAt] === portal)
}

function join(messages: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(messages.reduce((length, message) => length + message.length, 0))
  let at = 0
  for (const message of messages) {
    joined.set(message, at)
    at += message.length
  }
  return joined
}

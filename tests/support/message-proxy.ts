/** A proxy between a client and Postgres that knows where the server's messages begin, and changes them on their way. */
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** What becomes of a message; nothing when it is lost, and `cut` when the connection ends there. */
export type ChangeMessage = (type: string, message: Buffer) => readonly Buffer[] | 'cut'

/** A running proxy; disposing it ends all connections through it. */
export interface MessageProxy extends AsyncDisposable {
  /** The server's own URL, through the proxy. */
  readonly url: string
  /** From now on; without a change, messages pass as they are. */
  change(change: ChangeMessage | undefined): void
}

/** Starts one before the server of a URL. */
export async function startMessageProxy(serverUrl: string): Promise<MessageProxy> {
  const { hostname, port } = new URL(serverUrl)
  const sockets = new Set<Socket>()
  let change: ChangeMessage | undefined
  const proxy = createServer((client) => {
    const server = connect(Number(port), hostname)
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket.setNoDelay())
      socket.on('error', () => undefined)
      socket.on('close', () => other.destroy())
    }
    client.pipe(server)
    let pending: Buffer = Buffer.alloc(0)
    server.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk])
      for (;;) {
        const length = pending.length < 5 ? Infinity : 1 + pending.readUInt32BE(1)
        if (length > pending.length) break
        const message = pending.subarray(0, length)
        pending = pending.subarray(length)
        const passed = change ? change(String.fromCharCode(message[0] ?? 0), message) : [message]
        if (passed === 'cut') {
          client.destroy()
          server.destroy()
          return
        }
        for (const each of passed) client.write(each)
      }
    })
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const url = new URL(serverUrl)
  url.hostname = '127.0.0.1'
  url.port = String((proxy.address() as AddressInfo).port)
  return {
    url: url.href,
    change: (next) => void (change = next),
    async [Symbol.asyncDispose]() {
      const closed = once(proxy, 'close')
      proxy.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

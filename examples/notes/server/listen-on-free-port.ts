/** Listens on the first free port from the wanted one on, on this machine only. */
import { once } from 'node:events'
import type { Server } from 'node:http'

const portsToTry = 20

export async function listenOnFreePort(server: Server, wanted: number): Promise<number> {
  for (let port = wanted; port < wanted + portsToTry && port <= 65_535; port += 1) {
    server.listen(port, '127.0.0.1')
    try {
      await once(server, 'listening')
    } catch (error) {
      if (isTaken(error)) continue
      throw error
    }
    const address = server.address()
    return typeof address === 'object' && address ? address.port : port
  }
  throw new Error(`No free port in ${portsToTry} from ${wanted} on. Set PORT to one that is free.`)
}

const isTaken = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'

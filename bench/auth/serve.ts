/** A process of its own that serves one contender over HTTP; tells its parent the port. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { toNodeHandler } from 'better-auth/node'
import { contenderNames, createContender } from './contenders.ts'

const [name, url = ''] = process.argv.slice(2)
const contender = contenderNames.find((candidate) => candidate === name)
if (!contender) throw new Error(`There is no contender of that name. There are: ${contenderNames.join(', ')}.`)

const server = createServer()
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  const handle = toNodeHandler(createContender(contender, url, `http://127.0.0.1:${port}`))
  server.on('request', (request, response) => void handle(request, response))
  process.send?.({ port })
})
process.on('disconnect', () => process.exit())

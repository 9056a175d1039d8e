/** `npm run demo`: builds the page, migrates the auth database, and serves both from one address. */
import { createServer } from 'node:http'
import { buildPage } from './server/build-page.ts'
import { createHandler } from './server/create-handler.ts'
import { createNotesAuth } from './server/create-notes-auth.ts'
import { listenOnFreePort } from './server/listen-on-free-port.ts'
import { openAuthDatabase } from './server/open-auth-database.ts'
import { readOptions } from './server/read-options.ts'
import { loadSecret } from './server/load-secret.ts'

async function serve(): Promise<void> {
  const options = readOptions(process.env)
  console.log('Building the page …')
  const page = await buildPage()
  const secret = options.secret ?? (await loadSecret(options.dataDir))
  const authDb = await openAuthDatabase(options)

  const server = createServer()
  const port = await listenOnFreePort(server, options.port)
  const origin = `http://127.0.0.1:${port}`
  // Better Auth has to know the address, hence the port: the handler comes after the listening, in the same turn.
  server.on('request', createHandler({ auth: createNotesAuth({ authDb, secret, origin }), page, origin }))

  if (options.port !== 0 && port !== options.port) {
    console.log(`Port ${options.port} is taken, so this is port ${port}. A browser keeps notes per address:`)
    console.log(`what was written at :${options.port} stays there.`)
  }
  console.log(`Notes are at ${origin} (Ctrl+C ends it)`)

  const stop = async () => {
    server.close()
    server.closeAllConnections()
    await authDb.close()
    process.exit(0)
  }
  process.once('SIGINT', () => void stop())
  process.once('SIGTERM', () => void stop())
}

serve().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
})

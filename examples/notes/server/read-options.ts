/** Reads the environment once, so that the rest of the server takes plain values. */
import { resolve } from 'node:path'

export interface ServerOptions {
  /** Where the embedded auth database and the secret are kept. */
  readonly dataDir: string
  /** A Postgres to use instead of the embedded database. */
  readonly databaseUrl: string | undefined
  /** The first port to try; 0 lets the system choose. */
  readonly port: number
  /** Signs the session cookies; made and kept in `dataDir` when it is not given. */
  readonly secret: string | undefined
}

export function readOptions(env: NodeJS.ProcessEnv): ServerOptions {
  const port = Number(env['PORT'] ?? 4173)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error('PORT is not a port number. Set it to a whole number from 0 to 65535, or leave it out for 4173.')
  }
  return {
    // An empty variable means the same as a missing one: shells and .env files produce both.
    dataDir: resolve(env['NOTES_DATA_DIR'] || '.data/notes'),
    databaseUrl: env['DATABASE_URL'] || undefined,
    port,
    secret: env['BETTER_AUTH_SECRET'] || undefined,
  }
}

/** Better Auth with e-mail and password, on the auth database. */
import { betterAuth } from 'better-auth'
import type { AuthDatabase } from '@typyst/db/auth'

export interface NotesAuthOptions {
  readonly authDb: AuthDatabase
  readonly secret: string
  readonly origin: string
}

export function createNotesAuth({ authDb, secret, origin }: NotesAuthOptions) {
  return betterAuth({
    appName: 'Notes',
    baseURL: origin,
    secret,
    database: authDb.adapter,
    emailAndPassword: { enabled: true },
    // Whoever reads the database, or a backup of it, cannot act at a provider in a user's name.
    account: { encryptOAuthTokens: true },
  })
}

export type NotesAuth = ReturnType<typeof createNotesAuth>

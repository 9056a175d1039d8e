/** drizzle-kit's configuration of the auth side: Postgres when `DATABASE_URL` is set, the embedded folder otherwise. */
import { defineConfig } from 'drizzle-kit'

const url = process.env['DATABASE_URL']

export default defineConfig({
  dialect: 'postgresql',
  schema: './src/schema/auth.ts',
  out: './migrations/auth',
  migrations: { schema: 'drizzle', table: '__typyst_auth_migrations' },
  ...(url
    ? { dbCredentials: { url } }
    : { driver: 'pglite' as const, dbCredentials: { url: process.env['AUTH_DATA_DIR'] ?? '.data/auth' } }),
})

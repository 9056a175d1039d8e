/** drizzle-kit's configuration of the app side, on a local folder: a browser's IndexedDB cannot be reached from here. */
import { defineConfig } from 'drizzle-kit'

export default defineConfig({
  dialect: 'postgresql',
  driver: 'pglite',
  schema: ['./src/schema/app.ts', './src/schema/app-search.ts'],
  out: './migrations/app',
  migrations: { schema: 'drizzle', table: '__typyst_app_migrations' },
  dbCredentials: { url: process.env['APP_DATA_DIR'] ?? '.data/app' },
})

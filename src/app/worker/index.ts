/** `@typyst/db/app/worker`: run inside the app's own Worker. */
export { serveAppDatabase } from './serve-app-database.ts'

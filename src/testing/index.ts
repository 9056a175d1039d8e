/** `@typyst/db/testing`: throw-away databases. */
export { createTestAppDatabase, createTestAuthDatabase } from './create-test-databases.ts'
export type { TestAppDatabaseOptions } from './create-test-databases.ts'

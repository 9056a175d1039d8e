/** One app database in memory for the tests of a file, empty for each of them. */
import { afterAll, beforeAll, beforeEach } from 'vitest'
import type { AppDatabase } from '../../../src/app/index.ts'
import { createTestAppDatabase } from '../../../src/testing/index.ts'
import type { TestAppDatabaseOptions } from '../../../src/testing/index.ts'

/** Opens it before the tests and closes it after them; starting one for each would take minutes. */
export function useAppDatabase(options?: TestAppDatabaseOptions): () => AppDatabase {
  let app: AppDatabase | undefined
  beforeAll(async () => {
    app = await createTestAppDatabase(options)
  })
  beforeEach(async () => {
    await app?.db.delete(app.schema.collection)
  })
  afterAll(() => app?.close())
  return () => {
    if (!app) throw new Error('The database is open inside of tests only.')
    return app
  }
}

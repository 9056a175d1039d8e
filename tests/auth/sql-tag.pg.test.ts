import { createAuthDatabase } from '../../src/auth/index.ts'
import { createTestDatabase } from '../support/test-database.ts'
import { onTestFinished } from 'vitest'
import postgres from 'postgres'
import { testMoments } from './moments-suite.ts'

testMoments(async (zone) => {
  const database = await createTestDatabase()
  const admin = postgres(database.url, { max: 1 })
  await admin.unsafe(`alter database ${database.name} set timezone = '${zone}'`)
  await admin.end()
  onTestFinished(() => database.drop())
  return createAuthDatabase({ connectionString: database.url })
})

import { createTestAuthDatabase } from '../../src/testing/create-test-databases.ts'
import { testRedaction } from './redaction-suite.ts'

testRedaction(async () => {
  const authDb = await createTestAuthDatabase()
  return { authDb, [Symbol.asyncDispose]: () => authDb.close() }
})

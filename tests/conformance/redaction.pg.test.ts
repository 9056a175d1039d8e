import { createAuthDatabase } from '../../src/auth/create-auth-database.ts'
import { createTestDatabase } from '../support/test-database.ts'
import { testRedaction } from './redaction-suite.ts'

testRedaction(async () => {
  const database = await createTestDatabase()
  const authDb = createAuthDatabase({ connectionString: database.url })
  await authDb.migrate()
  return {
    authDb,
    async [Symbol.asyncDispose]() {
      await authDb.close()
      await database.drop()
    },
  }
})

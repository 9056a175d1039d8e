import { createAuthDatabase } from '../../src/auth/index.ts'
import { createTestDatabase } from '../support/test-database.ts'
import { testBetterAuth } from './better-auth-suite.ts'

testBetterAuth(async () => {
  const database = await createTestDatabase()
  const authDb = createAuthDatabase({ connectionString: database.url })
  await authDb.migrate()
  return {
    ...authDb,
    async [Symbol.asyncDispose]() {
      await authDb.close()
      await database.drop()
    },
  }
})

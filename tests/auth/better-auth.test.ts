import { createTestAuthDatabase } from '../../src/testing/index.ts'
import { testBetterAuth } from './better-auth-suite.ts'

testBetterAuth(createTestAuthDatabase)

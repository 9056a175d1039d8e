import { authSchema } from '../../src/schema/auth.ts'
import { openAuthInMemory } from '../support/open-auth-database.ts'
import { testBetterAuth } from './better-auth-suite.ts'

testBetterAuth((debug) => openAuthInMemory(authSchema, debug))

import { authSchema } from '../../src/schema/auth.ts'
import { openAuthOnPostgres } from '../support/open-auth-database.ts'
import { testBetterAuth } from './better-auth-suite.ts'

testBetterAuth((debug) => openAuthOnPostgres(authSchema, debug))

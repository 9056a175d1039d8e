import { openAuthInMemory } from '../support/open-auth-database.ts'
import { testSessionChanges } from './session-changes-suite.ts'

testSessionChanges(openAuthInMemory)

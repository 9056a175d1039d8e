import { openAuthInMemory } from '../support/open-auth-database.ts'
import { testServices } from './services-suite.ts'

testServices(openAuthInMemory)

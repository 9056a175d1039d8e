import { openPostgres } from '../support/open-postgres.ts'
import { testHooks } from './hooks-suite.ts'

testHooks(openPostgres)

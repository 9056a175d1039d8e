import { openPostgres } from '../support/open-postgres.ts'
import { testAdditions } from './additions-suite.ts'

testAdditions(openPostgres)

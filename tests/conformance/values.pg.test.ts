import { openPostgres } from '../support/open-postgres.ts'
import { testValues } from './values-suite.ts'

testValues(openPostgres)

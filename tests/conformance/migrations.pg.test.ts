import { openPostgres } from '../support/open-postgres.ts'
import { testMigrations } from './migrations-suite.ts'

testMigrations(openPostgres)

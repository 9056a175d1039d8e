import { openPostgres } from '../support/open-postgres.ts'
import { testRoundTrips } from './round-trip-suite.ts'

testRoundTrips(openPostgres)

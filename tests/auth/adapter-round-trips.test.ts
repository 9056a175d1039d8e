import { openAuthInMemory } from '../support/open-auth-database.ts'
import { testAdapterRoundTrips } from './adapter-round-trips-suite.ts'

testAdapterRoundTrips(openAuthInMemory)

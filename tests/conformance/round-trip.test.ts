import { openMemory } from '../support/open-memory.ts'
import { testRoundTrips } from './round-trip-suite.ts'

testRoundTrips(openMemory)

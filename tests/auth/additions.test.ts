import { openMemory } from '../support/open-memory.ts'
import { testAdditions } from './additions-suite.ts'

testAdditions(openMemory)

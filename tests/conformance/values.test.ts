import { openMemory } from '../support/open-memory.ts'
import { testValues } from './values-suite.ts'

testValues(openMemory)

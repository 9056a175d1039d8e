import { openMemory } from '../support/open-memory.ts'
import { testMigrations } from './migrations-suite.ts'

testMigrations(openMemory)

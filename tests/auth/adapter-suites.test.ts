import { openMemory } from '../support/open-memory.ts'
import { testAdapterSuites } from './adapter-suites.ts'

await testAdapterSuites(openMemory)

/**
 * Better Auth's own suites on the embedded engine; on Postgres they are part of every run.
 *
 * @module-tag long
 */
import { openMemory } from '../support/open-memory.ts'
import { testAdapterSuites } from './adapter-suites.ts'

await testAdapterSuites(openMemory)

import { openPostgres } from '../support/open-postgres.ts'
import { testAdapterSuites } from './adapter-suites.ts'

await testAdapterSuites(openPostgres)

import { openPostgres } from '../support/open-postgres.ts'
import { testAdapterSuites } from './adapter-suites.ts'

// The suites make the tables anew with keys of other types, which a plan that the server keeps does not outlive.
await testAdapterSuites(() => openPostgres({ preparedStatements: false }))

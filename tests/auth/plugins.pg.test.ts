import { openAuthOnPostgres } from '../support/open-auth-database.ts'
import { testPlugins } from './plugins-suite.ts'

testPlugins(openAuthOnPostgres)

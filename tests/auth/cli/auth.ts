/** A server's module as Better Auth's command line reads it. */
import { betterAuth } from 'better-auth'
import { createAuthDatabase, defineAuthSchema } from '../../../src/auth/index.ts'
import { pluginOptions } from '../plugin-options.ts'

const hasPlugins = process.env['WITHOUT_PLUGINS'] === undefined
const schema = defineAuthSchema(hasPlugins ? pluginOptions : {})
const authDb = createAuthDatabase({ dataDir: 'memory://', schema, onNotice: () => undefined })

export const auth = betterAuth({ ...pluginOptions, database: authDb.adapter })

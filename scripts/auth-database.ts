/** `npm run db:{migrate,status,rollback}:auth`: the runner from the command line, on `DATABASE_URL` or the embedded folder. */
import { parseArgs } from 'node:util'
import { createAuthDatabase } from '../src/auth/index.ts'
import { isTypystDbError } from '../src/errors.ts'

const usage = 'Usage: auth-database.ts migrate | status | rollback [--steps N]'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { steps: { type: 'string', default: '1' } },
})

try {
  await using authDb = createAuthDatabase({
    connectionString: process.env['DATABASE_URL'],
    dataDir: process.env['AUTH_DATA_DIR'],
  })
  switch (positionals[0]) {
    case 'migrate':
      report('Applied', await authDb.migrate())
      break
    case 'status': {
      const { applied, pending } = await authDb.migrationStatus()
      report('Applied', applied)
      report('Pending', pending)
      break
    }
    case 'rollback':
      report('Rolled back', await authDb.rollback(Number(values.steps)))
      break
    default:
      console.error(usage)
      process.exitCode = 2
  }
} catch (error) {
  if (!isTypystDbError(error)) throw error
  const reason = isTypystDbError(error.cause) ? `\n  because: ${error.cause.code}: ${error.cause.message}` : ''
  console.error(`${error.code}: ${error.message}${reason}`)
  process.exitCode = 1
}

function report(what: string, names: readonly string[]): void {
  console.log(`${what}: ${names.join(', ') || 'none'}`)
}

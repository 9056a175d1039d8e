/** `npm run db:{migrate,status,rollback,doctor}:auth`: the runner from the command line, on `DATABASE_URL` or the embedded folder. */
import { parseArgs } from 'node:util'
import { createAuthDatabase } from '../src/auth/index.ts'
import { isTypystDbError } from '../src/errors.ts'

const usage = 'Usage: auth-database.ts migrate | status | doctor | rollback [--steps N]'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { steps: { type: 'string', default: '1' } },
})

try {
  await using authDb = createAuthDatabase({
    connectionString: process.env['DATABASE_URL'],
    migrationUrl: process.env['MIGRATION_DATABASE_URL'],
    postgresSchema: process.env['AUTH_POSTGRES_SCHEMA'],
    dataDir: process.env['AUTH_DATA_DIR'],
  })
  switch (positionals[0]) {
    case 'migrate':
      report('Applied', await authDb.migrate())
      break
    case 'status': {
      const { applied, pending, drifted } = await authDb.migrationStatus()
      report('Applied', applied)
      report('Pending', pending)
      report(
        'Drifted',
        drifted.map(({ code, name = 'unknown' }) => `${name} (${code})`),
      )
      for (const { message } of drifted) console.log(`  ${message}`)
      if (drifted.length > 0) process.exitCode = 1
      break
    }
    case 'doctor': {
      const findings = await authDb.exposure()
      for (const { isExposed, advice } of findings) console.log(`${isExposed ? 'EXPOSED' : 'Advice'}: ${advice}.`)
      const isClosed = findings.every(({ isExposed }) => !isExposed)
      console.log(
        isClosed ? 'The auth tables are closed to everybody but their owner.' : 'The auth tables are exposed.',
      )
      if (!isClosed) process.exitCode = 1
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

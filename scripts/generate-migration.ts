/** `npm run db:generate:{auth,app} -- --name NAME`: drizzle-kit's migration, its reverse, and the compiled modules. */
import { spawnSync } from 'node:child_process'

const [side, ...rest] = process.argv.slice(2)
const steps = [
  ['drizzle-kit', 'generate', '--config', `drizzle.${String(side)}.config.ts`, ...rest],
  ['tsx', 'scripts/generate-reverses.ts'],
  ['tsx', 'scripts/compile-migrations.ts'],
]
for (const [command = '', ...args] of steps) {
  // npm puts node_modules/.bin on the PATH; Windows starts what is there through a shell.
  const { status } = spawnSync(command, args, { stdio: 'inherit', shell: process.platform === 'win32' })
  if (status !== 0) process.exit(status ?? 1)
}

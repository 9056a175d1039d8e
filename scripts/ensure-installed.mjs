/** Runs `npm ci` when `node_modules` is missing or older than the lockfile, so any script can be the first command. */
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const lockfile = join(root, 'package-lock.json')
// npm writes this file as the last step of every install.
const installed = join(root, 'node_modules', '.package-lock.json')

if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lockfile).mtimeMs) {
  console.log('Installing dependencies from package-lock.json …')
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: 'inherit',
    // npm is a .cmd file on Windows, which Node only starts through a shell.
    shell: process.platform === 'win32',
  })
  if (status !== 0) process.exit(status ?? 1)
}

/** Better Auth's own command line, on a server's module. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('../../..', import.meta.url))

function generate(env: NodeJS.ProcessEnv = {}): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--import',
      `${here}object-group-by.mjs`,
      `${root}node_modules/auth/dist/index.mjs`,
      'generate',
      ...['--cwd', root, '--config', 'tests/auth/cli/auth.ts', '--yes'],
    ],
    { encoding: 'utf8', env: { ...process.env, BETTER_AUTH_TELEMETRY: '0', ...env } },
  )
  return { status, output: stdout + stderr }
}

describe('auth generate', () => {
  it('finds nothing to change', () => {
    const { status, output } = generate()
    expect(output).toContain('Your schema is already up to date.')
    expect(status).toBe(0)
  })

  it('names what is missing when the schema was made from other options', () => {
    const { output } = generate({ WITHOUT_PLUGINS: '1' })
    expect(output).toContain('SCHEMA_MISMATCH')
    expect(output).toContain('organization')
    expect(output).not.toContain('up to date')
  })
})

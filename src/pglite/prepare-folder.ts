/** Makes sure that a folder holds a database that this engine can open, and makes one where there is none. */
import { TypystDbError } from '../errors.ts'
import { isErrorCode } from '../internal/is-error-code.ts'
import { databaseNames, draftName, namesIn } from './folder-names.ts'

/** The major version of Postgres that PGlite is built from, as its data folders record it in `PG_VERSION`. */
const postgresMajor = '18'

/** How to make a new database. */
export interface FolderPreparation {
  /** Makes one in a folder that is not there. */
  readonly build: (folder: string) => Promise<void>
  /** Called as soon as a folder is there that was not before. */
  readonly onMade: () => Promise<void>
}

/**
 * Checks a folder, which the caller has locked, or makes a database of it. PGlite checks only that `PG_VERSION` exists, and a
 * folder of another major ends in a WASM trap (https://github.com/electric-sql/pglite/issues/874). A process that is killed
 * in the middle leaves nothing half-made that would be opened.
 *
 * @throws TypystDbError `STORAGE_INCOMPATIBLE` for a folder that is another's.
 */
export async function prepareFolder(folder: string, { build, onMade }: FolderPreparation): Promise<void> {
  const fs = process.getBuiltinModule('node:fs/promises')
  const names = await namesIn(folder)
  if (!names) {
    await buildBeside(folder, build)
    return onMade()
  }
  const draft = `${folder}/${draftName}`
  const found = databaseNames(names)
  if (found.includes('PG_VERSION')) {
    await refuseOtherVersion(folder)
    // Nothing is in it any more.
    if (names.includes(draftName)) await fs.rm(draft, { recursive: true, force: true })
    return
  }
  if (found.length === 0) await buildInside(folder, draft, build)
  // What is there was moved out of a whole draft, which this goes on with.
  else if (!(await namesIn(draft))?.includes('PG_VERSION')) throw incompatible()
  await moveOut(draft, folder)
}

/** A folder that is not there is made in one step out of one that is whole. */
async function buildBeside(folder: string, build: FolderPreparation['build']): Promise<void> {
  const fs = process.getBuiltinModule('node:fs/promises')
  const draft = `${folder}.new`
  await fs.rm(draft, { recursive: true, force: true })
  try {
    await build(draft)
    await fs.rename(draft, folder)
  } finally {
    await fs.rm(draft, { recursive: true, force: true })
  }
}

/** A folder that is there may be a mount point, which nothing can be moved to: the draft lies inside of it. */
async function buildInside(folder: string, draft: string, build: FolderPreparation['build']): Promise<void> {
  const fs = process.getBuiltinModule('node:fs/promises')
  await fs.rm(draft, { recursive: true, force: true })
  try {
    await build(draft)
    if (databaseNames((await namesIn(folder)) ?? []).length > 0) throw incompatible()
  } catch (cause) {
    await fs.rm(draft, { recursive: true, force: true })
    throw cause
  }
}

/** Moves a whole draft out, last of all what makes a database of the folder. Once it has begun it can only be gone on with. */
async function moveOut(draft: string, folder: string): Promise<void> {
  const fs = process.getBuiltinModule('node:fs/promises')
  const names = (await fs.readdir(draft)).filter((name) => name !== 'PG_VERSION')
  for (const name of [...names, 'PG_VERSION']) await fs.rename(`${draft}/${name}`, `${folder}/${name}`)
  await fs.rmdir(draft)
}

async function refuseOtherVersion(folder: string): Promise<void> {
  const fs = process.getBuiltinModule('node:fs/promises')
  const version = await unlessMissing(fs.readFile(`${folder}/PG_VERSION`, 'utf8'))
  // With the version alone, PGlite would write to the folder before it fails.
  const control = await unlessMissing(fs.stat(`${folder}/global/pg_control`))
  if (version?.trim() !== postgresMajor || !control) throw incompatible()
}

function incompatible(): TypystDbError {
  return new TypystDbError(
    'STORAGE_INCOMPATIBLE',
    `The data folder is not one of Postgres ${postgresMajor}. Use another folder, or move the data with the version that wrote it; nothing was changed.`,
  )
}

/** What a call of the file system gives, or nothing when there is no such file. */
async function unlessMissing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call
  } catch (cause) {
    if (isErrorCode(cause, 'ENOENT')) return undefined
    throw cause
  }
}

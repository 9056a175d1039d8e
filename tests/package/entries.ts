/** Every entry that `package.json` exports, as it was built. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** One sub-path of the package. */
export interface Entry {
  /** As in `package.json`: `.` or `./app`. */
  readonly subpath: string
  /** As a consumer imports it: `@typyst/db/app`. */
  readonly specifier: string
  /** The built module. */
  readonly file: string
  /** The built declarations. */
  readonly types: string
}

export const packageRoot = fileURLToPath(new URL('../..', import.meta.url))

/** The entries, or an error that says to build them. */
export const entries: readonly Entry[] = readEntries()

function readEntries(): Entry[] {
  const { name, exports } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    name: string
    exports: Record<string, string | { types: string; default: string }>
  }
  return Object.entries(exports).flatMap(([subpath, target]) => {
    // `./package.json` is a plain file.
    if (typeof target === 'string') return []
    const entry = {
      subpath,
      specifier: `${name}${subpath.slice(1)}`,
      file: join(packageRoot, target.default),
      types: join(packageRoot, target.types),
    }
    for (const path of [entry.file, entry.types]) {
      if (!existsSync(path)) throw new Error(`${path} is missing: run "npm run build" before the package tests.`)
    }
    return [entry]
  })
}

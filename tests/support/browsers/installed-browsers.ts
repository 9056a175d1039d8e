/** Which browsers this machine has, and what to say of those it lacks. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { BrowserName } from './test-browser.ts'

/** Debian's Python, which has the bindings of WebKitGTK; another one that comes first on the `PATH` has not. */
export const pythonPath = process.env['WEBKIT_PYTHON_PATH'] ?? '/usr/bin/python3'

const advice = {
  firefox:
    'Firefox is not installed, so its tests do not run. Install it (Debian: apt-get install firefox-esr) or name it with FIREFOX_PATH.',
  webkit:
    'WebKit is not installed, so its tests do not run. Install it (Debian: apt-get install gir1.2-webkit2-4.1 python3-gi xvfb).',
} as const

/** What to say of a browser that is missing, and nothing of one that can be used. Chromium comes from npm. */
export function missingBrowser(name: BrowserName): string | undefined {
  if (name === 'chromium') return undefined
  const isThere = name === 'firefox' ? findFirefox() !== undefined : hasWebKit()
  return isThere ? undefined : advice[name]
}

/** The path of a browser that is installed. @throws Error with what to do when it is not. */
export function requireBrowser(name: 'firefox'): string {
  const path = findFirefox()
  if (path === undefined) throw new Error(advice[name])
  return path
}

function findFirefox(): string | undefined {
  const given = process.env['FIREFOX_PATH']
  if (given !== undefined && given !== '') return given
  return process.platform === 'linux' ? (onPath('firefox-esr') ?? onPath('firefox')) : undefined
}

let knownWebKit: boolean | undefined

function hasWebKit(): boolean {
  return (knownWebKit ??=
    process.platform === 'linux' &&
    onPath('Xvfb') !== undefined &&
    succeeds(pythonPath, ['-c', 'import gi; gi.require_version("Gtk", "3.0"); gi.require_version("WebKit2", "4.1")']))
}

function onPath(command: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.map((folder) => join(folder, command)).find((path) => existsSync(path))
}

function succeeds(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

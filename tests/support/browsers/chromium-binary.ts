/** Puts a runnable Chromium into the cache folder of `node_modules`. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** What it takes to start the browser. */
export interface ChromiumBinary {
  readonly executablePath: string
  /** Variables to add to the browser's environment. */
  readonly env: Readonly<Record<string, string>>
}

/**
 * Finds the browser that `CHROMIUM_PATH` names, or unpacks the one of `@sparticuz/chromium` once.
 *
 * The package unpacks straight to its destination and takes an existing file for a complete one. Here it unpacks to a
 * folder nobody else sees, which is then renamed in one step: of two processes that do this at once, one is late and
 * uses the other's.
 */
export async function findChromium(): Promise<ChromiumBinary> {
  const givenPath = process.env['CHROMIUM_PATH']
  if (givenPath !== undefined && givenPath !== '') return { executablePath: givenPath, env: {} }
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `The Chromium from npm runs on Linux x64 only, and this is ${process.platform} ${process.arch}. ` +
        'Set CHROMIUM_PATH to the executable of an installed Chromium or Chrome.',
    )
  }
  const packageFolder = dirname(dirname(fileURLToPath(import.meta.resolve('@sparticuz/chromium'))))
  const { version } = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8')) as { version: string }
  const cache = fileURLToPath(new URL('../../../node_modules/.cache/typyst-chromium/', import.meta.url))
  const folder = join(cache, version)
  if (!existsSync(folder)) await unpack(cache, folder)
  return {
    executablePath: join(folder, 'chromium'),
    env: {
      // Slim images lack NSS and Expat; the package brings them, and where the system has them these serve as well.
      LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'),
      FONTCONFIG_PATH: folder,
    },
  }
}

async function unpack(cache: string, folder: string): Promise<void> {
  await mkdir(cache, { recursive: true })
  const draft = await mkdtemp(join(cache, 'unpacking-'))
  try {
    await promisify(execFile)(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        `import chromium from ${JSON.stringify(import.meta.resolve('@sparticuz/chromium'))}
        await chromium.executablePath()`,
      ],
      // It unpacks to the temporary folder, and its shared libraries only where it believes to be on AWS Lambda.
      { env: { ...process.env, TMPDIR: draft, AWS_LAMBDA_JS_RUNTIME: 'nodejs20.x' } },
    )
    // Its own configuration looks for the fonts in /tmp.
    await writeFile(
      join(draft, 'fonts.conf'),
      `<fontconfig><dir>${join(folder, 'fonts')}</dir><dir>/usr/share/fonts</dir></fontconfig>\n`,
    )
    await rename(draft, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error
    })
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

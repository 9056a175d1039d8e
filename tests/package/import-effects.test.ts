/** Importing an entry does nothing: no connection, no file, no timer, no global, not even a look at the environment. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { build } from 'vite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { entries, packageRoot } from './entries.ts'

test('the probes see what they are for', async () => {
  const { effects } = await importInBareNode(new URL('fixtures/import-with-effects.mjs', import.meta.url).href)
  expect(effects.map((effect) => effect.replace(/ at .*/, ''))).toEqual(
    expect.arrayContaining([
      'process.env.HOME',
      'process.env.*',
      'fs.openSync()',
      'fs.promises.readFile()',
      'net.connect()',
      'new worker_threads.Worker()',
      'child_process.spawn()',
      'globalThis.setTimeout()',
      'globalThis.setInterval()',
      'process.on()',
      'indexedDB.open',
      'globalThis.leaked is new',
    ]),
  )
})

describe('importing in bare Node', () => {
  test.each(entries)('$specifier has no effect and lets the process end', async ({ specifier }) => {
    expect(await importInBareNode(specifier)).toEqual({ effects: [], output: '', exitCode: 0 })
  })
})

test('a server bundle of a page that imports every entry has no effect either', async () => {
  // Inside `node_modules`, so that the bundle finds the packages that stay outside it.
  const cache = join(packageRoot, 'node_modules', '.cache')
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, 'typyst-ssr-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const page = join(folder, 'page.js')
  await writeFile(
    page,
    entries.map(({ specifier }, index) => `export * as entry${index} from '${specifier}'\n`).join(''),
  )
  await build({
    root: packageRoot,
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: ['@typyst/db'] },
    build: { ssr: page, outDir: join(folder, 'server'), emptyOutDir: true },
  })
  const bundle = pathToFileURL(join(folder, 'server', 'page.js')).href
  expect(await importInBareNode(bundle)).toEqual({ effects: [], output: '', exitCode: 0 })
})

interface ImportOutcome {
  readonly effects: readonly string[]
  readonly output: string
  readonly exitCode: number | null
}

/** Imports a module in a process of its own, which nothing but its own end ends. */
async function importInBareNode(specifier: string): Promise<ImportOutcome> {
  const probes = new URL('import-probes.mjs', import.meta.url).href
  const child = spawn(
    process.execPath,
    ['--import', probes, '--input-type=module', '--eval', `await import(${JSON.stringify(specifier)})`],
    {
      // Where `@typyst/db` resolves to itself. Nothing of the test runner's environment reaches it.
      cwd: packageRoot,
      env: { HOME: packageRoot },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    },
  )
  // One that does not end by itself makes the test time out.
  onTestFinished(() => void child.kill('SIGKILL'))
  const exited = once(child, 'exit')
  const [output, errors, notes] = await Promise.all([readStream(child, 1), readStream(child, 2), readStream(child, 3)])
  await exited
  return {
    // A process that crashed early has written none, and says why in its output.
    effects: notes === '' ? [] : (JSON.parse(notes) as string[]),
    output: `${output}${errors}`,
    exitCode: child.exitCode,
  }
}

async function readStream(child: ChildProcess, index: number): Promise<string> {
  const stream = child.stdio[index]
  return stream instanceof Readable ? text(stream) : ''
}

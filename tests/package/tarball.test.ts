/** What npm would publish: which files, and whether Node, bundlers and TypeScript can use them. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { packageRoot } from './entries.ts'

interface PackResult {
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

let folder: string
let files: readonly string[]
let tarball: Uint8Array<ArrayBuffer>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'typyst-pack-'))
  // Without scripts: `prepack` would build while other tests read what is built.
  const { stdout } = await promisify(execFile)(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', folder],
    { cwd: packageRoot, shell: process.platform === 'win32' },
  )
  const [packed] = JSON.parse(stdout) as PackResult[]
  if (packed === undefined) throw new Error(`npm packed nothing: ${stdout}`)
  files = packed.files.map(({ path }) => path)
  tarball = new Uint8Array(await readFile(join(folder, packed.filename)))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

test('holds the build, the migrations and the documents, and no source or test', () => {
  const patterns = files
    // Documents may come and go.
    .filter((path) => !/^[^/]+\.md$/.test(path))
    .map((path) =>
      path
        .replace(/^(migrations\/\w+\/)(?!meta\/)[^/]+(\.sql)$/, '$1*$2')
        .replace(/^(migrations\/\w+\/meta\/)\d+(_snapshot\.json)$/, '$1*$2')
        // What entries share: named by the build tool, with a hash of the content.
        .replace(/^dist\/[\w.-]+-[\w-]{8}(\.(?:d\.ts|js))$/, 'dist/*-*$1'),
    )
  expect([...new Set(patterns)].sort()).toMatchInlineSnapshot(`
    [
      "LICENSE",
      "dist/*-*.d.ts",
      "dist/*-*.js",
      "dist/app.d.ts",
      "dist/app.js",
      "dist/app/validation.d.ts",
      "dist/app/validation.js",
      "dist/app/worker.d.ts",
      "dist/app/worker.js",
      "dist/auth.d.ts",
      "dist/auth.js",
      "dist/index.d.ts",
      "dist/index.js",
      "dist/metrics/opentelemetry.d.ts",
      "dist/metrics/opentelemetry.js",
      "dist/metrics/prometheus.d.ts",
      "dist/metrics/prometheus.js",
      "dist/schema.d.ts",
      "dist/schema.js",
      "dist/schema/app.d.ts",
      "dist/schema/app.js",
      "dist/schema/auth.d.ts",
      "dist/schema/auth.js",
      "dist/testing.d.ts",
      "dist/testing.js",
      "migrations/app/*.sql",
      "migrations/app/meta/*_snapshot.json",
      "migrations/app/meta/_journal.json",
      "migrations/auth/*.sql",
      "migrations/auth/meta/*_snapshot.json",
      "migrations/auth/meta/_journal.json",
      "package.json",
    ]
  `)
})

test('passes publint', async () => {
  const { messages, pkg } = await publint({ pack: { tarball: tarball.buffer } })
  expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([])
})

test('gives TypeScript the right types for every entry', async () => {
  const result = await checkPackage(createPackageFromTarballData(tarball))
  if (result.types === false) throw new Error('The tarball holds no types.')
  const problems = result.problems.filter(
    (problem) =>
      // The package is ESM only, which `require()` of Node 20.19 and later loads.
      problem.kind !== 'CJSResolvesToESM' &&
      // The `node10` algorithm cannot read `exports` at all; TypeScript 6 deprecates it.
      !('resolutionKind' in problem && problem.resolutionKind === 'node10'),
  )
  expect(problems).toEqual([])
})

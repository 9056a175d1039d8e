/** What the documentation shows: every example compiles, and every error code has its row. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, it } from 'vitest'
import { typystDbErrorCodes } from '../../src/index.ts'

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')
const read = (path: string) => readFileSync(`${root}/${path}`, 'utf8')

/** The TypeScript examples of a file: Markdown's as they are, TSDoc's without the comment's stars. */
function examplesOf(path: string): string[] {
  const text = path.endsWith('.ts') ? read(path).replaceAll(/^ *\* ?/gm, '') : read(path)
  return [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code = '']) => code)
}

it('compiles every example of the README and of the source against the built package', () => {
  expect(existsSync(`${root}/dist/index.d.ts`), 'run npm run build first').toBe(true)
  const modules = readdirSync(`${root}/src`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.includes('generated'))
    .map((path) => `src/${path}`)
  const sources = ['README.md', ...modules]
  const files = new Map(
    sources.flatMap((source) =>
      examplesOf(source).map((code, index) => [`${root}/examples.${source.replaceAll('/', '.')}.${index}.ts`, code]),
    ),
  )
  expect(files.size).toBeGreaterThan(5)
  const { config } = ts.readConfigFile(`${root}/tsconfig.json`, (path) => readFileSync(path, 'utf8')) as {
    config: object
  }
  const { options } = ts.parseJsonConfigFileContent(config, { ...ts.sys, readDirectory: () => [] }, root)
  const host = ts.createCompilerHost(options)
  const program = ts.createProgram(
    [...files.keys()],
    { ...options, noUnusedLocals: false },
    {
      ...host,
      fileExists: (path) => files.has(path) || host.fileExists(path),
      readFile: (path) => files.get(path) ?? host.readFile(path),
      getSourceFile: (path, target) => {
        const code = files.get(path)
        return code === undefined ? host.getSourceFile(path, target) : ts.createSourceFile(path, code, target)
      },
    },
  )
  expect(ts.formatDiagnostics(ts.getPreEmitDiagnostics(program), host)).toBe('')
})

it('lists every error code in the README, once', () => {
  const listed = [...read('README.md').matchAll(/^\| `([A-Z_]+)` +\|/gm)].map(([, code]) => code)
  expect(listed.toSorted()).toEqual(typystDbErrorCodes.toSorted())
})

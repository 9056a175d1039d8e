/** Bundles one built entry as an app would, and tells what came along. */
import { gzipSync } from 'node:zlib'
import { build, type Metafile } from 'esbuild'
import type { Entry } from './entries.ts'

/** What an entry brings into a bundle. */
export interface Bundle {
  /** What loads as soon as the entry is imported: packages by name, Node modules with their prefix. */
  readonly atOnce: readonly string[]
  /** What loads later, by `import()`, and not at once. */
  readonly later: readonly string[]
  /** The minified code that loads at once. */
  readonly code: string
  /** Size in kilobytes of what loads at once, minified and gzipped, packages that stay outside not counted. */
  readonly gzipKilobytes: number
}

/** The drivers, the database, Better Auth and the metrics' libraries stay outside: what they import themselves is not this package's doing. */
const outside = ['@electric-sql/pglite', 'better-auth', 'postgres', 'prom-client', '@opentelemetry/api', 'node:*']

/** Bundles `entry` with everything it reaches except {@link outside}, or with nothing but the package's own modules. */
export async function bundleEntry(
  entry: Entry,
  { platform, ownOnly = false }: { platform: 'browser' | 'node'; ownOnly?: boolean },
): Promise<Bundle> {
  const { metafile, outputFiles } = await build({
    entryPoints: [entry.file],
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    platform,
    minify: true,
    metafile: true,
    write: false,
    outdir: 'out',
    logLevel: 'silent',
    ...(ownOnly ? { packages: 'external' } : { external: outside }),
  })
  const [entryOutput] = Object.entries(metafile.outputs).find(([, output]) => output.entryPoint !== undefined) ?? []
  if (entryOutput === undefined) throw new Error(`esbuild made nothing of ${entry.specifier}.`)

  const static_ = reach(metafile, entryOutput, ['import-statement'])
  const all = reach(metafile, entryOutput, ['import-statement', 'dynamic-import', 'require-call'])
  const files = outputFiles.filter(({ path }) => [...static_.outputs].some((output) => path.endsWith(`/${output}`)))
  return {
    atOnce: [...static_.packages].sort(),
    later: [...all.packages].filter((name) => !static_.packages.has(name)).sort(),
    code: files.map(({ text }) => text).join('\n'),
    gzipKilobytes: files.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0) / 1024,
  }
}

function reach(
  metafile: Metafile,
  start: string,
  kinds: readonly string[],
): { outputs: Set<string>; packages: Set<string> } {
  const outputs = new Set<string>()
  const packages = new Set<string>()
  const queue = [start]
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const output = metafile.outputs[name]
    if (output === undefined || outputs.has(name)) continue
    outputs.add(name)
    for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
      // An input that was shaken away whole leaves zero bytes.
      if (bytesInOutput > 0) packages.add(packageOf(input))
    }
    for (const { path, kind, external } of output.imports) {
      if (!kinds.includes(kind)) continue
      if (external === true) packages.add(packageOf(`node_modules/${path}`))
      else queue.push(path)
    }
  }
  packages.delete('@typyst/db')
  return { outputs, packages }
}

/** The package a file belongs to; the one under test has its files outside `node_modules`. */
function packageOf(path: string): string {
  const inside = path.split('node_modules/').at(-1)
  if (inside === undefined || !path.includes('node_modules/')) return '@typyst/db'
  return inside.split('/', inside.startsWith('@') ? 2 : 1).join('/')
}

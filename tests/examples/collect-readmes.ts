/** Hundreds of documents that real people wrote: every `README*.md` under `node_modules`. */
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const nodeModules = fileURLToPath(new URL('../../node_modules', import.meta.url))

/**
 * Copies them into a folder, at the paths they had.
 *
 * @returns Their bytes, by the title the example gives them: the path from `folder`'s parent, without the extension.
 */
export async function collectReadmes(folder: string): Promise<Map<string, Buffer>> {
  const bytesByTitle = new Map<string, Buffer>()
  for (const entry of await readdir(nodeModules, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/^README.*\.md$/.test(entry.name)) continue
    const source = join(entry.parentPath, entry.name)
    const copy = join(folder, relative(nodeModules, source))
    await mkdir(dirname(copy), { recursive: true })
    await copyFile(source, copy)
    const title = relative(dirname(folder), copy).replaceAll('\\', '/').replace(/\.md$/, '')
    bytesByTitle.set(title, await readFile(source))
  }
  return bytesByTitle
}

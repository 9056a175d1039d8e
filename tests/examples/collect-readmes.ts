/** Hundreds of documents that real people wrote: every `README*.md` under `node_modules`. */
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const nodeModules = fileURLToPath(new URL('../../node_modules', import.meta.url))

/**
 * Copies them into a folder, at the paths they had.
 *
 * @param isWanted - Chooses; by default all of them.
 * @returns Their bytes, by the title the example gives them: the path from `folder`'s parent, without the extension.
 */
export async function collectReadmes(
  folder: string,
  isWanted: (title: string, bytes: Buffer) => boolean = () => true,
): Promise<Map<string, Buffer>> {
  const bytesByTitle = new Map<string, Buffer>()
  for (const entry of await readdir(nodeModules, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/^README.*\.md$/.test(entry.name)) continue
    const source = join(entry.parentPath, entry.name)
    const copy = join(folder, relative(nodeModules, source))
    const title = relative(dirname(folder), copy).replaceAll('\\', '/').replace(/\.md$/, '')
    const bytes = await readFile(source)
    if (!isWanted(title, bytes)) continue
    await mkdir(dirname(copy), { recursive: true })
    await copyFile(source, copy)
    bytesByTitle.set(title, bytes)
  }
  return bytesByTitle
}

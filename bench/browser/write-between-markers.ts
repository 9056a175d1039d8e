/** Replaces a part of a Markdown file. */
import { readFile, writeFile } from 'node:fs/promises'

/** Writes `text` between `<!-- name -->` and `<!-- /name -->`; throws when the file has no such place. */
export async function writeBetweenMarkers(file: string, name: string, text: string): Promise<void> {
  const before = await readFile(file, 'utf8')
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const [from, to] = [before.indexOf(start), before.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${file} has no place between ${start} and ${end}.`)
  await writeFile(file, `${before.slice(0, from + start.length)}\n\n${text}\n${before.slice(to)}`)
}

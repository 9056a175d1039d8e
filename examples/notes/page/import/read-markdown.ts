/** Reads a file as text, byte for byte, or says why it cannot be a note. */
import { isMarkdown } from './markdown-source.ts'
import type { MarkdownSource } from './markdown-source.ts'

/** Why a file was not imported, as a sentence for a person. */
export class RefusedFile extends Error {
  override readonly name = 'RefusedFile'
}

// Fatal, or bytes that are no text would become question marks; ignoreBOM, or a byte order mark would be dropped.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export async function readMarkdown(source: MarkdownSource): Promise<string> {
  if (!isMarkdown(source))
    throw new RefusedFile('This is not a Markdown file. Its name has to end in .md or .markdown.')
  const bytes = await source.file.arrayBuffer().catch(() => {
    throw new RefusedFile('The file cannot be read. It may have been moved, or belong to someone else.')
  })
  const text = decode(bytes)
  if (text.includes('\0')) {
    throw new RefusedFile(
      'The file holds a NUL character, which cannot be stored. Remove it and import the file again.',
    )
  }
  return text
}

function decode(bytes: ArrayBuffer): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw new RefusedFile('The file is not UTF-8 text. Save it as UTF-8 and import it again.')
  }
}

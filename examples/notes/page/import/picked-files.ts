/** What a file picker gave. */
import { isMarkdown } from './markdown-source.ts'
import type { MarkdownSource } from './markdown-source.ts'

/** Empties the picker too, or the same files could not be picked twice in a row. */
export function takePickedFiles(picker: HTMLInputElement): MarkdownSource[] {
  const sources = [...(picker.files ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file }))
  picker.value = ''
  // A folder holds all sorts of things; a file picked by name was meant, so it is refused by name later.
  return picker.webkitdirectory ? sources.filter(isMarkdown) : sources
}

/** What was dropped on the page: files, and folders with everything in them. */
import { isMarkdown } from './markdown-source.ts'
import type { MarkdownSource } from './markdown-source.ts'

/** Has to be called inside the drop event: the browser empties the transfer right after it. */
export function takeDroppedFiles({ items }: DataTransfer): Promise<MarkdownSource[]> {
  const roots = [...items].map((item) => item.webkitGetAsEntry() ?? item.getAsFile())
  return (async () => {
    const sources: MarkdownSource[] = []
    for (const root of roots) {
      if (root instanceof File) sources.push({ path: root.name, file: root })
      else if (root && isFile(root)) sources.push(await sourceOf(root))
      else if (root) for await (const source of markdownFilesIn(root)) sources.push(source)
    }
    return sources
  })()
}

async function* markdownFilesIn(entry: FileSystemEntry): AsyncGenerator<MarkdownSource> {
  if (isFile(entry)) {
    if (isMarkdown({ path: entry.name })) yield await sourceOf(entry)
  } else if (isFolder(entry)) {
    const reader = entry.createReader()
    const nextEntries = () => new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    // A reader hands out some entries at a time (100 in Chromium) and then none.
    for (let some = await nextEntries(); some.length > 0; some = await nextEntries()) {
      for (const inside of some) yield* markdownFilesIn(inside)
    }
  }
}

async function sourceOf(entry: FileSystemFileEntry): Promise<MarkdownSource> {
  const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject))
  return { path: entry.fullPath.replace(/^\//, ''), file }
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory

/** Imports files as notes: in batches that are stored whole or not at all, so that one bad file stops no other. */
import { isTypystDbError } from '@typyst/db'
import type { NewEntry } from '@typyst/db/schema/app'
import { createEntries } from '../data/entries.ts'
import { explain } from '../data/explain.ts'
import { titleOf } from './markdown-source.ts'
import type { MarkdownSource } from './markdown-source.ts'
import { readMarkdown, RefusedFile } from './read-markdown.ts'

export interface ImportOptions {
  readonly collectionId: string
  readonly userId: string | null
  /** Stops the import between two batches; what is stored stays. */
  readonly signal: AbortSignal
  readonly onProgress: (progress: ImportResult) => void
}

export interface ImportResult {
  readonly imported: number
  readonly refused: readonly { readonly path: string; readonly reason: string }[]
}

// Large enough to spread what a statement costs, small enough for a bar that moves and for little memory.
const batchRows = 50
const batchCharacters = 1_000_000

interface Row extends Omit<NewEntry, 'id'> {
  readonly path: string
}

export async function importNotes(sources: readonly MarkdownSource[], options: ImportOptions): Promise<ImportResult> {
  const { collectionId, userId, signal, onProgress } = options
  // One time for all: the list then shows what was imported together in the order of its titles.
  const createdAt = new Date()
  const refused: { path: string; reason: string }[] = []
  let imported = 0
  let batch: Row[] = []
  let characters = 0

  const store = async () => {
    const failed = await storeRows(batch)
    imported += batch.length - failed.length
    refused.push(...failed)
    batch = []
    characters = 0
    onProgress({ imported, refused })
  }

  for (const source of sources) {
    if (signal.aborted) break
    try {
      const content = await readMarkdown(source)
      batch.push({ path: source.path, title: titleOf(source), content, collectionId, userId, createdAt })
      characters += content.length
    } catch (error) {
      if (!(error instanceof RefusedFile)) throw error
      refused.push({ path: source.path, reason: error.message })
    }
    if (batch.length >= batchRows || characters >= batchCharacters) await store()
  }
  if (batch.length > 0 && !signal.aborted) await store()
  return { imported, refused }
}

/** @returns The rows that could not be stored. */
async function storeRows(rows: readonly Row[]): Promise<{ path: string; reason: string }[]> {
  try {
    await createEntries(rows.map(({ path: _path, ...row }) => row))
    return []
  } catch (error) {
    // Only a refused value is one row's fault. A full disk, say, would fail for every row.
    if (!isTypystDbError(error) || !['INVALID_INPUT', 'LIMIT_EXCEEDED'].includes(error.code)) throw error
    const [row] = rows
    if (rows.length === 1 && row) return [{ path: row.path, reason: explain(error) }]
    const failed: { path: string; reason: string }[] = []
    for (const one of rows) failed.push(...(await storeRows([one])))
    return failed
  }
}

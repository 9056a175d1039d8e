/** What a peer's module exports, and what it is asked to do. */
import type { BenchNote } from '../notes.ts'
import type { RouteName } from '../peers.ts'

/** One way to do what an app does all day. */
export interface DataRoute {
  /** Adds a note that is the newest then, and gives its key. */
  add(note: Pick<BenchNote, 'title' | 'content'>): Promise<string>
  /** The newest fifty, without their contents where that can be asked for. */
  firstPage(): Promise<unknown>
  /** The fifty after those. */
  nextPage(): Promise<unknown>
  /** The newest notes, whole. */
  newest(limit: number): Promise<readonly { readonly id: string }[]>
  /** Tells the newest notes whenever they change, until the returned function is called. */
  watch?(limit: number, tell: (notes: readonly { readonly id: string }[]) => void): () => void
  /** Finds the notes that hold each of the words; gives up to twenty, and how many it found. */
  search(text: string): Promise<number>
  /** Everything as gzipped lines of JSON; gives how many bytes there were. */
  exportAll(): Promise<number>
}

/** An open database. */
export interface DataPeer {
  /** Adds notes in batches of 1,000; resolves when they are stored. */
  importNotes(notes: Iterable<BenchNote>): Promise<void>
  /** Makes everything searchable. */
  completeIndex?(): Promise<void>
  readonly routes: Readonly<Partial<Record<RouteName, DataRoute>>>
}

/** How many rows a batch has, of imports and exports. */
export const batchRows = 1000

/** Splits an iteration into batches. */
export function* inBatches<T>(items: Iterable<T>): Generator<T[]> {
  let batch: T[] = []
  for (const item of items) {
    batch.push(item)
    if (batch.length < batchRows) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

/** The bytes of pages of rows as gzipped lines of JSON, which are not kept. */
export async function countExported(pages: AsyncIterable<readonly object[]>): Promise<number> {
  const gzip = new CompressionStream('gzip')
  const writer = gzip.writable.getWriter()
  const counted = countBytes(gzip.readable)
  for await (const rows of pages) {
    await writer.write(new TextEncoder().encode(rows.map((row) => `${JSON.stringify(row)}\n`).join('')))
  }
  await writer.close()
  return counted
}

/** The bytes of a stream, which are not kept. */
export async function countBytes(stream: ReadableStream<Uint8Array>): Promise<number> {
  const reader = stream.getReader()
  let bytes = 0
  for (let part = await reader.read(); !part.done; part = await reader.read()) bytes += part.value.length
  return bytes
}

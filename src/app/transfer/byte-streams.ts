/** Small pieces that streams of bytes are put together from. */
import { TypystDbError } from '../../errors.ts'

/** The chunks of a stream; Safari cannot iterate one. Leaving the loop cancels it. */
export async function* chunksOf<T>(stream: ReadableStream<T>): AsyncGenerator<T, void> {
  const reader = stream.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

/** A stream of what an iteration yields, asked for as it is read. */
export function streamOf<T>(chunks: AsyncGenerator<T, void>): ReadableStream<T> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    async cancel() {
      await chunks.return()
    },
  })
}

/** Chunks cut and joined to `size` bytes each, but for the last one, which may be empty. */
export async function* inPieces(
  chunks: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  let piece = new Uint8Array(size)
  let filled = 0
  for await (const chunk of chunks) {
    let at = 0
    while (at < chunk.length) {
      if (filled === size) {
        yield piece
        piece = new Uint8Array(size)
        filled = 0
      }
      const part = chunk.subarray(at, at + size - filled)
      piece.set(part, filled)
      filled += part.length
      at += part.length
    }
  }
  yield piece.subarray(0, filled)
}

/**
 * The lines of a text; the last one ends with the text.
 *
 * @param longest - In characters: what is longer is read no further.
 * @throws TypystDbError `EXPORT_INVALID` for a longer line.
 */
export async function* linesOf(texts: AsyncIterable<string>, longest: number): AsyncGenerator<string, void> {
  let parts: string[] = []
  let characters = 0
  for await (const text of texts) {
    const lines = text.split('\n')
    for (const line of lines.slice(0, -1)) {
      yield parts.join('') + line
      parts = []
      characters = 0
    }
    parts.push(lines.at(-1) ?? '')
    characters += lines.at(-1)?.length ?? 0
    if (characters > longest) {
      throw new TypystDbError('EXPORT_INVALID', 'A line of the export is longer than any row. Nothing was imported.')
    }
  }
  const rest = parts.join('')
  if (rest) yield rest
}

/** Makes files grow in large steps: Emscripten's copy a file of more than 1 MB for each eighth it grows by. */
import type { MemfsModule } from './hook-memfs.ts'

/** The largest step. What is not written to yet takes no memory, only addresses. */
const longestStep = 64 * 1024 * 1024

/** Doubles what a file has when it needs more: 10,000 entries were copied nine times over, a seventh of their insert. */
export function growInLargeSteps({ MEMFS }: MemfsModule): void {
  const { expandFileStorage } = MEMFS
  MEMFS.expandFileStorage = (node, bytes) => {
    const { length } = node.contents
    if (length < bytes) expandFileStorage(node, Math.max(bytes, length + Math.min(length, longestStep)))
  }
}

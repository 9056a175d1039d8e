/** Has every database in memory of a test file run behind a worker: what a page has that Node has not, and the option. */
import { vi } from 'vitest'
import { createNodeWorker, locks } from './node-worker.ts'

const page = new EventTarget()
vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible' }))
vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
vi.stubGlobal('Worker', createNodeWorker)
vi.stubGlobal('navigator', { locks })

vi.mock(import('./open-memory.ts'), async () => {
  const { openBehindWorker } = await import('./open-behind-worker.ts')
  return { openMemory: openBehindWorker }
})
vi.mock(import('../../src/app/create-app-database.ts'), async (importOriginal) => {
  const original = await importOriginal()
  const { createAppDatabase } = original
  const worker = () => createNodeWorker() as Worker // The part of one that the package uses.
  const behindWorker: unknown = (options: Parameters<typeof createAppDatabase>[0]) =>
    createAppDatabase({ worker, ...options })
  return { ...original, createAppDatabase: behindWorker as typeof createAppDatabase } // Its overloads are the same.
})

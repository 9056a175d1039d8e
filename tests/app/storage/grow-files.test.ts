/** A file that grows page by page is copied a few times, in PGlite's real file system. */
import { Readable } from 'node:stream'
import { PGlite } from '@electric-sql/pglite'
import { MemfsFrontendFS } from '@electric-sql/pglite/memfs-frontend'
import { expect, it } from 'vitest'
import { growInLargeSteps } from '../../../src/app/storage/grow-files.ts'
import { hookMemfs } from '../../../src/app/storage/hook-memfs.ts'
import type { MemfsNode } from '../../../src/app/storage/hook-memfs.ts'

interface Files {
  open(path: string, flags: string): { readonly node: MemfsNode }
  write(stream: object, data: Uint8Array, at: number, length: number, position: number): void
  read(stream: object, data: Uint8Array, at: number, length: number, position: number): number
}

async function mount(hook: Parameters<typeof hookMemfs>[1]): Promise<Files> {
  const fs = new MemfsFrontendFS({
    init: () => Promise.resolve(),
    load: () => Readable.from([]),
    apply: () => Promise.resolve(),
    close: () => Promise.resolve(),
  })
  hookMemfs(fs, hook)
  const pglite = await PGlite.create({ fs, noInitDb: true })
  const files = pglite.Module.FS as unknown as Files // PGlite does not export Emscripten's types.
  return files
}

/** Writes 200 MB page by page, and counts how often the file got other memory. */
function grow(files: Files): { readonly copies: number; readonly spare: number } {
  const stream = files.open('/pglite/data/growing', 'w+')
  const page = new Uint8Array(1024 * 1024)
  let copies = 0
  let contents = stream.node.contents
  for (let number = 0; number < 200; number += 1) {
    page.fill(1 + number)
    files.write(stream, page, 0, page.length, number * page.length)
    if (stream.node.contents !== contents) copies += 1
    contents = stream.node.contents
  }
  const back = new Uint8Array(3)
  for (let number = 0; number < 200; number += 1) {
    files.read(stream, back, 0, 3, number * page.length + 12345)
    expect([...back]).toEqual(Array.from(back, () => 1 + number))
  }
  return { copies, spare: contents.length - stream.node.usedBytes }
}

it('doubles what it has, by 64 MB at most', { tags: 'long' }, async () => {
  const byItself = grow(await mount(() => undefined))
  const { copies, spare } = grow(await mount(growInLargeSteps))
  // 1, 2, 4, 8, 16, 32, 64, 128, 192 and 256 MB.
  expect(copies).toBe(10)
  expect(spare).toBe(56 * 1024 * 1024)
  expect(byItself.copies).toBeGreaterThan(25)
})

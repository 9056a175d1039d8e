/** Random changes through PGlite's real frontend: what a fresh load gives must be what memory holds. */
import fc from 'fast-check'
import { createBlockStore } from '../../../../src/app/storage/block-store.ts'
import { blockBytes, databaseName } from '../../../../src/app/storage/format.ts'
import { createFaultyFactory } from './faulty-factory.ts'
import type { FaultKind } from './faulty-factory.ts'
import { difference, listFiles, listStore, mountStore, root } from './file-system.ts'
import type { MemoryFiles } from './file-system.ts'

type Step =
  | { readonly do: 'write'; readonly path: string; readonly at: number; readonly length: number; readonly fill: number }
  | {
      readonly do: 'rewrite'
      readonly path: string
      readonly page: number
      readonly from: number
      readonly length: number
      readonly fill: number
    }
  | { readonly do: 'truncate'; readonly path: string; readonly size: number }
  | { readonly do: 'rename'; readonly path: string; readonly to: string }
  | { readonly do: 'remove'; readonly path: string }
  | { readonly do: 'mkdir'; readonly path: string }
  | { readonly do: 'sync' }
  | { readonly do: 'scrub' }
  | { readonly do: 'fault'; readonly operation: number; readonly kind: FaultKind; readonly times: number }

// Few names, so that the same path is made, moved and removed again and again, as a file and as a directory.
const path = fc.oneof(
  { weight: 3, arbitrary: fc.constant('/a') },
  { weight: 2, arbitrary: fc.constantFrom('/b', '/d/a') },
  { weight: 2, arbitrary: fc.constantFrom('/pg_wal/a', '/pg_wal/a', '/pg_wal/b') },
  { weight: 1, arbitrary: fc.constantFrom('/d', '/d/b', '/d/d', '/d/d/a') },
)
const moved = fc.oneof(path, fc.constantFrom('/d', '/d/d', '/e'))
/** Around every boundary of a few blocks, and in between. */
const position = fc.oneof(
  fc.tuple(fc.nat(9), fc.constantFrom(-1, 0, 1)).map(([block, offset]) => Math.max(0, block * blockBytes + offset)),
  fc.nat(9 * blockBytes),
)
/** Mostly a part of a block, sometimes enough of them for packs. */
const length = fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1, max: 40 }) }, { weight: 1, arbitrary: position })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('write' as const), path, at: position, length, fill: fc.nat(3) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('rewrite' as const),
      path: fc.constantFrom('/pg_wal/a', '/pg_wal/a', '/pg_wal/b', '/a'),
      // Mostly the same one, which is when only what is new in it is stored.
      page: fc.constantFrom(0, 0, 0, 1, 2),
      from: fc.nat(blockBytes - 1),
      length: fc.nat(40),
      fill: fc.nat(3),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('truncate' as const), path, size: position }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('rename' as const), path: moved, to: moved }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), path }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('mkdir' as const), path }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('sync' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('scrub' as const) }) },
)
const fault: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('fault' as const),
  operation: fc.integer({ min: 1, max: 12 }),
  kind: fc.constantFrom('abort', 'close', 'stored-but-failed'),
  times: fc.integer({ min: 1, max: 4 }),
})

/** What to run. */
export interface PropertyOptions {
  readonly seed: number
  readonly runs: number
  readonly durability: 'strict' | 'relaxed'
  readonly withFaults: boolean
}

/** What came of it. */
export interface PropertyReport {
  /** The smallest counter-example, or nothing. */
  readonly report: string
  /** How many transactions needed the page once more, which may stand still then. */
  readonly leftOpen: number
}

/** Runs the property and reports the smallest counter-example, if there is one. */
export async function checkStoreProperty(options: PropertyOptions): Promise<PropertyReport> {
  const name = `property-${crypto.randomUUID()}`
  const factory = createFaultyFactory()
  // So small that folds, packs, their death and compaction happen all the time.
  const limits = {
    packFromBlocks: 4,
    packMaxBlocks: 6,
    recordsAllowed: 8,
    deadBlocksAllowed: 6,
    journalFlushesAllowed: 6,
    journalBytesAllowed: 12 * blockBytes,
  }
  const { durability } = options
  const store = createBlockStore({ name, durability, limits, factory, flushWithinMs: 1 })
  const mounted = await mountStore(store)
  const { files } = mounted
  const sync = () => mounted.sync()

  const compare = async (): Promise<void> => {
    factory.disarm()
    await sync()
    await store.flush()
    const fresh = createBlockStore({ name, durability, limits })
    const found = difference(listFiles(files), await listStore(fresh))
    await fresh.close()
    if (found !== undefined) throw new Error(found)
  }

  const property = fc.asyncProperty(
    fc.array(options.withFaults ? fc.oneof({ weight: 5, arbitrary: step }, { weight: 1, arbitrary: fault }) : step, {
      minLength: 1,
      maxLength: 60,
      // Without it most arrays are too short to come back to a file.
      size: 'max',
    }),
    async (steps) => {
      for (const entry of files.readdir(root)) if (entry !== '.' && entry !== '..') remove(files, `${root}/${entry}`)
      // Postgres cannot start without these, so a store without them counts as damaged.
      writeAt(files, `${root}/PG_VERSION`, 0, new TextEncoder().encode('18\n'))
      for (const directory of ['global', 'd', 'pg_wal']) files.mkdir(`${root}/${directory}`)
      writeAt(files, `${root}/global/pg_control`, 0, new Uint8Array([1]))
      for (const current of steps) {
        if (current.do === 'fault') factory.failAt(current.operation, current.kind, current.times)
        else if (current.do === 'sync' || current.do === 'scrub') {
          // A fault may hit this sync or not; what counts is that the next one makes up for it.
          await sync().catch(() => undefined)
          await (current.do === 'sync' ? store.flush() : store.scrub()).catch(() => undefined)
          if (!options.withFaults) await compare()
        } else take(files, current)
      }
      await compare()
    },
  )
  const details = await fc.check(property, { seed: options.seed, numRuns: options.runs })
  const report = fc.defaultReportMessage(details) ?? ''
  // What is wrong was reported.
  await store.close().catch(() => undefined)
  indexedDB.deleteDatabase(databaseName(name))
  return { report: details.failed ? `${report}\n${String(details.errorInstance)}` : '', leftOpen: factory.leftOpen() }
}

/** Takes a step where it is possible; the rest, such as writing into a directory, Emscripten refuses. */
function take(files: MemoryFiles, step: Exclude<Step, { do: 'sync' | 'scrub' | 'fault' }>): void {
  const target = root + step.path
  try {
    if (step.do === 'write') writeAt(files, target, step.at, new Uint8Array(step.length).fill(step.fill))
    else if (step.do === 'rewrite') rewritePage(files, target, step)
    else if (step.do === 'truncate') files.truncate(target, step.size)
    else if (step.do === 'rename') files.rename(target, root + step.to)
    else if (step.do === 'mkdir') files.mkdir(target)
    else remove(files, target)
  } catch (cause) {
    // Emscripten's error is no `Error`.
    if (cause instanceof Error) throw cause
  }
}

function writeAt(files: MemoryFiles, target: string, at: number, data: Uint8Array): void {
  let stream: unknown
  try {
    stream = files.open(target, 'r+')
  } catch {
    stream = files.open(target, 'w+')
  }
  files.write(stream, data, 0, data.length, at)
  files.close(stream)
}

/** Writes a whole page of which a part is new, as Postgres does with the WAL. */
function rewritePage(
  files: MemoryFiles,
  target: string,
  { page, from, length, fill }: Extract<Step, { do: 'rewrite' }>,
): void {
  // Not zero, which is what is lost would be.
  const bytes = new Uint8Array(blockBytes).fill(9)
  try {
    bytes.set(files.readFile(target).subarray(page * blockBytes, (page + 1) * blockBytes))
  } catch {
    // The file is new.
  }
  bytes.fill(fill, from, from + length)
  writeAt(files, target, page * blockBytes, bytes)
}

function remove(files: MemoryFiles, target: string): void {
  if (!files.isDir(files.stat(target).mode)) {
    files.unlink(target)
    return
  }
  for (const name of files.readdir(target)) if (name !== '.' && name !== '..') remove(files, `${target}/${name}`)
  files.rmdir(target)
}

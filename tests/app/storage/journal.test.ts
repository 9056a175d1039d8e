/** What a flush stores of a log that grows: what is new, although Postgres writes whole pages. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fromJournal, toJournal } from '../../../src/app/storage/journal.ts'
import type { LastPage } from '../../../src/app/storage/journal.ts'
import type { PendingChanges } from '../../../src/app/storage/plan-flush.ts'

const path = '/pg_wal/000000010000000000000001'
const size = 64 * 8192

/** Pages of the log as the frontend hands them over. */
function written(log: Uint8Array, from: number, to: number): PendingChanges {
  const at = Math.floor(from / 8192) * 8192
  const chunks = [{ at, data: log.slice(at, Math.ceil(to / 8192) * 8192) }]
  const wal = [{ path, size, full: false, truncate: false, chunks }]
  return { changes: { ops: [], files: { wal, data: [], control: [] } }, smallestSizes: new Map() }
}

it('is each byte once, across the ends of pages, and all that is needed', () => {
  const commits = fc.array(fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 8000, max: 20_000 })), {
    maxLength: 15,
  })
  fc.assert(
    fc.property(commits, fc.boolean(), (lengths, areGathered) => {
      const log = new Uint8Array(size)
      const stored = new Uint8Array(size)
      let end = 0
      let storedBytes = 0
      let lastPage: LastPage | undefined
      let pending: PendingChanges[] = []
      for (const [number, length] of lengths.entries()) {
        log.fill(1 + (number % 255), end, end + length)
        pending.push(written(log, end, end + length))
        end += length
        if (areGathered && number % 3 !== 2) continue
        const journal = toJournal(pending, lastPage)
        lastPage = journal.lastPage
        pending = []
        for (const { files } of journal.changes) {
          for (const { chunks } of files) for (const { data } of chunks) storedBytes += data.length
        }
        for (const { changes } of fromJournal(journal.changes)) {
          for (const { chunks } of changes.files.data) for (const { at, data } of chunks) stored.set(data, at)
        }
        expect(storedBytes).toBe(end)
        expect(Buffer.compare(stored, log)).toBe(0)
      }
    }),
  )
})

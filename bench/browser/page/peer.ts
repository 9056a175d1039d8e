/** What every peer's module exports: one function that loads, opens and migrates a database. */
import type { Route } from '../peers.ts'

/** One note as the workload writes it. */
export interface BenchEntry {
  readonly id: string
  readonly title: string
  readonly content: string
  readonly collectionId: string
  readonly createdAt: Date
}

/** The statements that are timed. Each resolves when the database says that it is done. */
export interface Operations {
  insert(entry: BenchEntry): Promise<void>
  /** All in one statement. */
  insertMany(entries: readonly BenchEntry[]): Promise<void>
  byKey(id: string): Promise<unknown>
  newest(collectionId: string, count: number): Promise<readonly unknown[]>
}

/** A database that is open and migrated. */
export interface OpenPeer {
  readonly routes: Readonly<Partial<Record<Route, Operations>> & { raw: Operations }>
  addCollection(id: string): Promise<void>
  close(): Promise<void>
  /** Starts to count what is handed to the browser's storage; the function it gives tells how many bytes so far. */
  countWritten(): Promise<() => Promise<number>>
}

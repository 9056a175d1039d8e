/** What the benchmark asks of each way to keep notes in a browser. */

/** One way to keep notes. */
export interface Contender {
  /** Opens, and creates the tables where there are none. */
  open(): Promise<void>
  /** Adds an entry of 500 bytes; resolves when it is acknowledged. */
  insert(id: string): Promise<void>
  /** The same without a query builder, where there is one. */
  insertRaw?(id: string): Promise<void>
  /** Adds entries in one go. */
  insertMany(ids: readonly string[]): Promise<void>
  byKey(id: string): Promise<unknown>
  newest50(): Promise<readonly unknown[]>
  close(): Promise<void>
}

/** An entry's text: 500 bytes, different for each. */
export function contentOf(id: string): string {
  return `${id} lorem ipsum dolor sit amet `.repeat(20).slice(0, 500)
}

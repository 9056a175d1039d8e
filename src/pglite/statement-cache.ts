/** Remembers which statements Postgres has parsed already, by their text. */
import type { PGlite } from '@electric-sql/pglite'

/** What PGlite gives for messages it has sent. */
export type BackendMessages = Awaited<ReturnType<PGlite['execProtocolStream']>>

/** A statement that Postgres keeps under a name. */
export interface PreparedStatement {
  readonly text: string
  readonly name: string
  /** What Postgres said when it was asked for the types of its parameters. */
  readonly description: BackendMessages
  /** The object ids of those types, once they were asked for. */
  parameterTypes?: readonly number[]
}

/** The statements of one connection. */
export interface StatementCache {
  newName(): string
  find(text: string): PreparedStatement | undefined
  add(statement: PreparedStatement): void
  /** Drops all of them, because what they were parsed against may have changed. */
  clear(): void
  /** Names that Postgres may forget; each is given once. */
  takeDropped(): readonly string[]
}

/**
 * Statements kept at a time. One takes some 10 to 100 KB in Postgres, and an app has a few dozen; those it builds anew for
 * every list of ids should not push these out at once.
 */
const statementsKept = 100

/** Makes an empty memory. */
export function createStatementCache(): StatementCache {
  // In the order of their last use.
  const byText = new Map<string, PreparedStatement>()
  let dropped: string[] = []
  let names = 0
  const drop = ({ text, name }: PreparedStatement): void => {
    byText.delete(text)
    dropped.push(name)
  }
  return {
    newName: () => `typyst_${(names += 1)}`,
    find(text) {
      const found = byText.get(text)
      if (!found) return undefined
      byText.delete(text)
      byText.set(text, found)
      return found
    },
    add(statement) {
      byText.set(statement.text, statement)
      const [oldest] = byText.values()
      if (byText.size > statementsKept && oldest) drop(oldest)
    },
    clear() {
      for (const statement of byText.values()) drop(statement)
    },
    takeDropped() {
      const taken = dropped
      dropped = []
      return taken
    },
  }
}

/** One pool per connection string in a process, however often hot reload runs the module that makes it. */
import type { LazyConnection, Opened } from '../../internal/lazy-connection.ts'
import type { PostgresTarget } from './postgres-target.ts'

interface SharedPool {
  readonly settings: string
  readonly connection: LazyConnection<Opened>
}

// Registered globally, because a reloaded module has variables of its own.
const registryKey = Symbol.for('@typyst/db.pools')

/**
 * The pool an earlier call made for this target, or a new one. A pool for the same connection string with other settings is
 * closed: nobody asks for it any more.
 */
export function sharePool(target: PostgresTarget, create: () => LazyConnection<Opened>): LazyConnection<Opened> {
  const pools = openRegistry()
  const settings = JSON.stringify(target)
  const known = pools.get(target.connectionString)
  if (known && !known.connection.isClosed()) {
    if (known.settings === settings) return known.connection
    // Whoever waits for its queries still gets their results; its own errors have no one to go to.
    known.connection.close().catch(() => undefined)
  }
  const connection = create()
  pools.set(target.connectionString, { settings, connection })
  return connection
}

function openRegistry(): Map<string, SharedPool> {
  const present: unknown = Reflect.get(globalThis, registryKey)
  if (present instanceof Map) return present as Map<string, SharedPool>
  const pools = new Map<string, SharedPool>()
  // Not enumerable: it holds connection strings, and whoever prints the globals must not see them.
  Object.defineProperty(globalThis, registryKey, { value: pools, configurable: true })
  return pools
}

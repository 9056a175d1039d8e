/** Keys the client makes. */
import { v7 } from 'uuid'

/**
 * A new key: a UUID version 7, which begins with the time, so that keys sort by when they were made and an index on them
 * grows at its end. Serial numbers would jump after each reload (https://github.com/electric-sql/pglite/issues/858).
 *
 * @example
 * ```ts
 * import { createAppDatabase, createId } from '@typyst/db/app'
 *
 * const app = createAppDatabase({ dataDir: 'memory://' })
 * await app.db.insert(app.schema.collection).values({ id: createId(), name: 'Recipes' })
 * ```
 */
export function createId(): string {
  return v7()
}

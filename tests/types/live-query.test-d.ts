/** A live query fits what frameworks ask of a store; their own types are not needed to say so. */
import { expectTypeOf } from 'vitest'
import { createAppDatabase } from '../../src/app/index.ts'
import type { LiveSnapshot } from '../../src/app/index.ts'
import type { Collection } from '../../src/schema/app.ts'

const app = createAppDatabase()
const live = app.live(app.db.select().from(app.schema.collection))

/** React 18 and later. */
declare function useSyncExternalStore<T>(
  subscribe: (onStoreChange: () => void) => () => void,
  getSnapshot: () => T,
  getServerSnapshot?: () => T,
): T
expectTypeOf(useSyncExternalStore(live.subscribe, live.getSnapshot, live.getSnapshot)).toEqualTypeOf<
  LiveSnapshot<Collection[]>
>()

/** `Readable` of svelte/store. */
interface Readable<T> {
  subscribe(this: void, run: (value: T) => void, invalidate?: () => void): () => void
}
expectTypeOf(live).toExtend<Readable<LiveSnapshot<Collection[]>>>()

/** Vue 3. */
declare function shallowRef<T>(value: T): { value: T }
declare function onScopeDispose(end: () => void): void
const snapshot = shallowRef(live.getSnapshot())
onScopeDispose(live.subscribe((next) => (snapshot.value = next)))

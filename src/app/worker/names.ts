/** The names of locks and channels all tabs of an origin agree on, whatever release and whatever URL their code has. */

import type { DataLocation } from '../../pglite/data-location.ts'

/** Raised when messages change so that both sides have to know it. An older leader gives way to a newer tab. */
export const wireProtocol = 1

/** What a location is called in the messages about it. */
export const nameOf = (location: DataLocation): string =>
  location.kind === 'indexeddb' ? location.name : location.kind

/** Held by whoever has the database open: a page or a worker. The only thing that makes a leader. */
export const databaseLock = (name: string): string => `@typyst/db:${name}`

/** Held beside it where nobody may ask who holds a lock: by a page without a name, by a worker with its id. */
export const holderLock = (name: string, workerId = ''): string => `@typyst/db/holder:${workerId}:${name}`

/** Held by a worker for as long as it lives. */
export const workerLock = (workerId: string): string => `@typyst/db/worker:${workerId}`

/** Held by a tab for as long as it uses a database through a worker. */
export const clientLock = (clientId: string): string => `@typyst/db/client:${clientId}`

/** Where tabs and leaders of one database find each other. */
export const discoveryChannel = (name: string): string => `@typyst/db:${name}`

/** Where one tab talks to a leader that is another tab's worker. */
export const clientChannel = (clientId: string): string => `@typyst/db/client:${clientId}`

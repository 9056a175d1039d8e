/** Whose notes this page shows: those of who is signed in, otherwise those that were written without an account. */
import { eq, isNull } from 'drizzle-orm'
import type { SQL } from 'drizzle-orm'
import { app } from './database.ts'

// Kept over a reload: a server that does not answer has signed nobody out.
const keptAs = 'notes.owner'
let owner = localStorage.getItem(keptAs)

/** The user for new rows: null when nobody is signed in. */
export const ownerId = (): string | null => owner

/** The condition that a row is the owner's. */
export const isOwn = (userId: typeof app.schema.collection.userId): SQL =>
  owner === null ? isNull(userId) : eq(userId, owner)

/** Shows another one's notes from here on. Who signs in takes along what was written before. */
export async function changeOwner(userId: string | null): Promise<void> {
  if (userId !== null) await app.claim({ to: userId })
  owner = userId
  if (userId === null) localStorage.removeItem(keptAs)
  else localStorage.setItem(keptAs, userId)
}

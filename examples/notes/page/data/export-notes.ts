/** Everything that is the owner's as one JSON file, for a backup or for another program. */
import { app } from './database.ts'
import { isOwn } from './owner.ts'

export async function exportNotes(): Promise<Blob> {
  const collections = await app.db.query.collection.findMany({
    where: isOwn(app.schema.collection.userId),
    with: { entries: true, settings: true },
  })
  return new Blob([JSON.stringify({ collections }, undefined, 2)], { type: 'application/json' })
}

let lastUrl: string | undefined

/** Hands a file to the browser's downloads. */
export function download(content: Blob, name: string): void {
  const link = document.createElement('a')
  // Nothing tells when the browser has read a file, so each one is let go when the next is made.
  if (lastUrl !== undefined) URL.revokeObjectURL(lastUrl)
  lastUrl = URL.createObjectURL(content)
  link.href = lastUrl
  link.download = name
  link.click()
}

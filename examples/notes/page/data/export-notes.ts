/** Everything in the database as one JSON file, for a backup or for another program. */
import { app } from './database.ts'

export async function exportNotes(): Promise<Blob> {
  const collections = await app.db.query.collection.findMany({ with: { entries: true, settings: true } })
  return new Blob([JSON.stringify({ collections }, undefined, 2)], { type: 'application/json' })
}

/** Hands a file to the browser's downloads. */
export function download(content: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(content)
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}

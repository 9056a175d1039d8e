/** A tab that keeps another one out of its storage. */
import type { TestPage } from '../../support/browsers/test-browser.ts'

declare global {
  interface Window {
    /** Lets go of the storage that {@link holdStorage} holds. */
    letGo: () => void
  }
}

/** Keeps a transaction of this database's IndexedDB open in a tab; gives what ends it. */
export async function holdStorage(page: TestPage, name: string): Promise<() => Promise<void>> {
  await page.evaluate(async (name) => {
    const opening = indexedDB.open(`typyst-db/${name}`)
    await new Promise((resolve) => (opening.onsuccess = resolve))
    const transaction = opening.result.transaction(opening.result.objectStoreNames, 'readwrite')
    let isHeld = true
    window.letGo = () => (isHeld = false)
    // A request after the other keeps it open.
    await new Promise<void>((resolve) => {
      const ask = (): void => {
        transaction.objectStore('meta').get('format').onsuccess = () => {
          resolve()
          if (isHeld) ask()
        }
      }
      ask()
    })
  }, name)
  return () => page.evaluate(() => window.letGo())
}

/** The page of the storage tests: puts the storage modules themselves, not the built package, on `window.storage`. */
import { checkStoreProperty } from './store-property.ts'

const harness = { checkStoreProperty }

declare global {
  interface Window {
    storage: typeof harness
  }
}

window.storage = harness

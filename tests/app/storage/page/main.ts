/** The page of the storage tests: puts the storage modules themselves, not the built package, on `window.storage`. */
import { runPostgresFaults } from './postgres-faults.ts'
import { runContestedStore, runDisturbedStore, runOvertakenStore } from './disturbed-store.ts'
import { runHeldStore } from './held-store.ts'
import { runDamages } from './damage-rounds.ts'
import { runSalvage } from './salvage-rounds.ts'
import { checkStoreProperty } from './store-property.ts'
import { runUpgrade } from './upgrade.ts'

const harness = {
  checkStoreProperty,
  runContestedStore,
  runDamages,
  runDisturbedStore,
  runHeldStore,
  runOvertakenStore,
  runPostgresFaults,
  runSalvage,
  runUpgrade,
}

declare global {
  interface Window {
    storage: typeof harness
  }
}

window.storage = harness

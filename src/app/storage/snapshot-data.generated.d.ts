/** The shape of the module that scripts/build-snapshot.ts makes; the module itself is built, not committed. */
import type { SnapshotData } from './snapshot.ts'

export declare const snapshotData: SnapshotData

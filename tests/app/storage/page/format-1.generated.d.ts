/**
 * The block store of the release before sums, as its code was (commit c250046, bundled): it makes the stores that an
 * upgrade finds, and is the old tab beside new code.
 */
import type { BlockStore, BlockStoreOptions } from '../../../../src/app/storage/block-store-types.ts'

export function createBlockStore(options: BlockStoreOptions): BlockStore

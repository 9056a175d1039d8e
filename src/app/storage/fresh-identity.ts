/** Gives a copied data directory an identity of its own, as initdb would have. */
import type { StorageEntry } from '@electric-sql/pglite/memfs-frontend'

/** Where `pg_control` keeps what must differ between clusters; found by the build, as it depends on the release. */
export interface IdentityLayout {
  /** Offset of the CRC-32C over everything before it. */
  readonly crcOffset: number
  /** Offset of the 32 random bytes that mock authentication uses. */
  readonly nonceOffset: number
}

/** `ControlFileData` begins with the system identifier, an unsigned 64-bit number. */
const controlIdentifierOffset = 0
/** `XLogLongPageHeaderData`, at the start of each WAL segment, repeats it after the 24 bytes of the short header. */
const walIdentifierOffset = 24
const nonceBytes = 32

/**
 * Changes the system identifier and the authentication nonce in `pg_control` and the WAL. Nothing else in a new data
 * directory is meant to be unique: object ids, transaction ids and file names are the same in every initdb.
 */
export function freshIdentity(entries: readonly StorageEntry[], { crcOffset, nonceOffset }: IdentityLayout): void {
  const identifier = newSystemIdentifier()
  for (const entry of entries) {
    if (entry.kind !== 'file') continue
    const view = new DataView(entry.data.buffer, entry.data.byteOffset, entry.data.byteLength)
    if (/^\/pg_wal\/[0-9A-F]{24}$/.test(entry.path)) view.setBigUint64(walIdentifierOffset, identifier, true)
    if (entry.path !== '/global/pg_control') continue
    view.setBigUint64(controlIdentifierOffset, identifier, true)
    crypto.getRandomValues(entry.data.subarray(nonceOffset, nonceOffset + nonceBytes))
    view.setUint32(crcOffset, crc32c(entry.data.subarray(0, crcOffset)), true)
  }
}

/** As Postgres makes it: the time in seconds above, 32 bits that differ within a second below. */
function newSystemIdentifier(): bigint {
  const [low = 0] = crypto.getRandomValues(new Uint32Array(1))
  return (BigInt(Math.floor(Date.now() / 1000)) << 32n) | BigInt(low)
}

/** CRC-32C (Castagnoli), with which Postgres guards `pg_control`. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}

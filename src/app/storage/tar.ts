/** Writes the tar format that PGlite's `loadDataDir` and every archive tool read. */
import type { StorageEntry } from '@electric-sql/pglite/memfs-frontend'

/** Bytes of a tar block; POSIX.1-1988 "ustar". */
const tarBlock = 512

/** Makes an archive of a data directory's entries. */
export function createTar(entries: Iterable<StorageEntry>): Blob {
  const parts: BlobPart[] = []
  for (const entry of entries) {
    const data = entry.kind === 'file' ? new Uint8Array(entry.data) : new Uint8Array()
    parts.push(header(entry.path.slice(1), entry.kind, data.length), data)
    parts.push(new Uint8Array((tarBlock - (data.length % tarBlock)) % tarBlock))
  }
  parts.push(new Uint8Array(2 * tarBlock))
  return new Blob(parts, { type: 'application/x-tar' })
}

/** A header. Postgres' paths are far below the 100 characters that fit without an extension. */
function header(path: string, kind: StorageEntry['kind'], size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(tarBlock)
  const put = (text: string, at: number): void => bytes.set(new TextEncoder().encode(text), at)
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0')
  put(path, 0)
  put(kind === 'dir' ? '0000700' : '0000600', 100)
  put('0000000', 108)
  put('0000000', 116)
  put(octal(size, 11), 124)
  put(octal(0, 11), 136)
  put('        ', 148)
  put(kind === 'dir' ? '5' : '0', 156)
  put('ustar', 257)
  put('00', 263)
  let sum = 0
  for (const byte of bytes) sum += byte
  put(`${octal(sum, 6)}\0 `, 148)
  return bytes
}

/**
 * Encrypts a stream with a passphrase. A head (mark, rounds, salt, nonce) is followed by pieces of 64 KB, each sealed by
 * AES-256-GCM with its number and whether it is the last one in the nonce, and the head as additional data: a piece that
 * is changed, left out, repeated, moved or cut off fails to open. The construction is STREAM, https://eprint.iacr.org/2015/189
 */
import { TypystDbError } from '../../errors.ts'
import { inPieces } from './byte-streams.ts'

/** Begins every encrypted export. */
export const encryptionMark = new TextEncoder().encode('TYPYSTE1')

const pieceBytes = 64 * 1024
const tagBytes = 16
const saltBytes = 16
const nonceBytes = 7
const headBytes = encryptionMark.length + 4 + saltBytes + nonceBytes

/** What OWASP asks of PBKDF2 with SHA-256. */
const rounds = 600_000
/** An export that asks for more was not made by this package; it would only keep the browser busy. */
const mostRounds = 10_000_000

/** Encrypts; each export has a key and nonces of its own. */
export async function* encrypt(
  chunks: AsyncIterable<Uint8Array>,
  passphrase: string,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  const head = new Uint8Array(headBytes)
  head.set(encryptionMark)
  new DataView(head.buffer).setUint32(encryptionMark.length, rounds)
  crypto.getRandomValues(head.subarray(encryptionMark.length + 4))
  const key = await deriveKey(passphrase, head, rounds)
  yield head
  for await (const { piece, algorithm } of numbered(inPieces(chunks, pieceBytes), head)) {
    yield new Uint8Array(await crypto.subtle.encrypt(algorithm, key, piece))
  }
}

/**
 * Opens what {@link encrypt} made.
 *
 * @throws TypystDbError `PASSPHRASE_WRONG` when the first piece does not open, `EXPORT_INVALID` when a later one does not.
 */
export async function* decrypt(
  blob: Blob,
  passphrase: string,
  chunks: (blob: Blob) => AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  const head = new Uint8Array(await blob.slice(0, headBytes).arrayBuffer())
  const askedRounds = head.length === headBytes ? new DataView(head.buffer).getUint32(encryptionMark.length) : 0
  if (askedRounds < 1 || askedRounds > mostRounds) throw damaged()
  const key = await deriveKey(passphrase, head, askedRounds)
  let isFirst = true
  const sealed = inPieces(chunks(blob.slice(headBytes)), pieceBytes + tagBytes)
  for await (const { piece, algorithm } of numbered(sealed, head)) {
    const opened = await crypto.subtle.decrypt(algorithm, key, piece).catch(() => undefined)
    if (!opened) throw isFirst ? wrongPassphrase() : damaged()
    isFirst = false
    yield new Uint8Array(opened)
  }
}

interface NumberedPiece {
  readonly piece: Uint8Array<ArrayBuffer>
  readonly algorithm: AesGcmParams
}

async function* numbered(
  pieces: AsyncIterable<Uint8Array<ArrayBuffer>>,
  head: Uint8Array<ArrayBuffer>,
): AsyncGenerator<NumberedPiece, void> {
  let number = 0
  let previous: Uint8Array<ArrayBuffer> | undefined
  const seal = (piece: Uint8Array<ArrayBuffer>, isLast: boolean) => {
    const iv = new Uint8Array(nonceBytes + 5)
    iv.set(head.subarray(headBytes - nonceBytes))
    new DataView(iv.buffer).setUint32(nonceBytes, number++)
    iv[nonceBytes + 4] = isLast ? 1 : 0
    return { piece, algorithm: { name: 'AES-GCM', iv, additionalData: head } }
  }
  for await (const piece of pieces) {
    if (previous) yield seal(previous, false)
    previous = piece
  }
  if (previous) yield seal(previous, true)
}

async function deriveKey(passphrase: string, head: Uint8Array<ArrayBuffer>, iterations: number): Promise<CryptoKey> {
  const salt = head.subarray(encryptionMark.length + 4, encryptionMark.length + 4 + saltBytes)
  const bytes = new TextEncoder().encode(passphrase.normalize('NFC'))
  const material = await crypto.subtle.importKey('raw', bytes, 'PBKDF2', false, ['deriveKey'])
  const algorithm = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations }
  return crypto.subtle.deriveKey(algorithm, material, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
}

function damaged(): TypystDbError {
  return new TypystDbError('EXPORT_INVALID', 'The encrypted export was changed or cut off. Nothing was imported.')
}

function wrongPassphrase(): TypystDbError {
  return new TypystDbError('PASSPHRASE_WRONG', 'The passphrase does not open this export. Nothing was imported.')
}

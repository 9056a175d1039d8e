/**
 * Encrypts a stream with a passphrase. A head is followed by pieces of 64 KB, each sealed by AES-256-GCM with its number and
 * whether it is the last one in the nonce, and the head as additional data: a piece that is changed, left out, repeated,
 * moved or cut off fails to open. The construction is STREAM, https://eprint.iacr.org/2015/189
 *
 * The head is mark (8 bytes), rounds of PBKDF2 (4), salt (16), nonce (7), proof (16), sum (16). The proof is an HMAC of what
 * comes before it, which the passphrase alone can make; the sum is a SHA-256 of all that comes before it, which anybody can.
 * So a damaged export is told from a wrong passphrase. Heads of the first version (`TYPYSTE1`) had neither.
 */
import { TypystDbError } from '../../errors.ts'
import { inPieces } from './byte-streams.ts'
import { newer } from './export-format.ts'

/** Begins every encrypted export; a digit with the version follows. */
const encryptionMark = new TextEncoder().encode('TYPYSTE')
const markBytes = encryptionMark.length + 1
const [firstVersion, version] = ['1', '2'].map((digit) => digit.charCodeAt(0))

const pieceBytes = 64 * 1024
const tagBytes = 16
const saltBytes = 16
const nonceBytes = 7
const proofBytes = 16
const sumBytes = 16
/** Where the parts of a head begin. */
const saltAt = markBytes + 4
const nonceAt = saltAt + saltBytes
const proofAt = nonceAt + nonceBytes
const sumAt = proofAt + proofBytes
const headBytes = sumAt + sumBytes
/** The head of the first version ends before the proof. */
const firstHeadBytes = proofAt

/** What OWASP asks of PBKDF2 with SHA-256. */
const rounds = 600_000
/** An export that asks for more was not made by this package; it would only keep the browser busy. */
const mostRounds = 10_000_000

type Bytes = Uint8Array<ArrayBuffer>

/** Encrypts; each export has a key and nonces of its own. */
export async function* encrypt(chunks: AsyncIterable<Uint8Array>, passphrase: string): AsyncGenerator<Bytes, void> {
  const head = new Uint8Array(headBytes)
  head.set(encryptionMark)
  head[encryptionMark.length] = version ?? 0
  new DataView(head.buffer).setUint32(markBytes, rounds)
  crypto.getRandomValues(head.subarray(saltAt, proofAt))
  const { key, proof } = await deriveKeys(passphrase, head)
  head.set(proof, proofAt)
  head.set(await sumOf(head), sumAt)
  yield head
  for await (const { piece, algorithm } of numbered(inPieces(chunks, pieceBytes), head)) {
    yield new Uint8Array(await crypto.subtle.encrypt(algorithm, key, piece))
  }
}

/** Whether something begins as an encrypted export does, of whatever version. */
export async function isEncrypted(blob: Blob): Promise<boolean> {
  const start = new Uint8Array(await blob.slice(0, markBytes).arrayBuffer())
  return start.length === markBytes && encryptionMark.every((byte, at) => start[at] === byte)
}

/**
 * Opens what {@link encrypt} made, in this version or the first.
 *
 * @throws TypystDbError `PASSPHRASE_WRONG` when the export is whole as far as its head and the passphrase is none or another,
 *   `EXPORT_INVALID` when it was changed or cut off, `EXPORT_NEWER` for a version that is not known.
 */
export async function* decrypt(
  blob: Blob,
  passphrase: string | undefined,
  chunks: (blob: Blob) => AsyncIterable<Uint8Array>,
): AsyncGenerator<Bytes, void> {
  const longHead = new Uint8Array(await blob.slice(0, headBytes).arrayBuffer())
  const isFirstVersion = longHead[markBytes - 1] === firstVersion
  await (isFirstVersion ? checkFirstHead(longHead) : checkHead(longHead))
  const head = longHead.slice(0, isFirstVersion ? firstHeadBytes : headBytes)
  if (passphrase === undefined) {
    throw new TypystDbError('PASSPHRASE_WRONG', 'The export is encrypted. Pass its `passphrase`. Nothing was imported.')
  }
  const { key, proof, looksRight } = await deriveKeys(passphrase, head)
  if (!isFirstVersion && !proof.every((byte, at) => head[proofAt + at] === byte)) throw wrongPassphrase()
  let isProven = !isFirstVersion
  const sealed = inPieces(chunks(blob.slice(head.length)), pieceBytes + tagBytes)
  for await (const { piece, algorithm } of numbered(sealed, head)) {
    const opened = await crypto.subtle.decrypt(algorithm, key, piece).catch(() => undefined)
    if (!opened) throw isProven || (await looksRight(piece, algorithm)) ? damaged() : wrongPassphrase()
    isProven = true
    yield new Uint8Array(opened)
  }
}

async function checkHead(head: Bytes): Promise<void> {
  const sum = head.length === headBytes ? await sumOf(head) : undefined
  if (!sum?.every((byte, at) => head[sumAt + at] === byte)) throw damaged()
  if (head[markBytes - 1] !== version) throw newer()
  checkRounds(head)
}

/** @param longHead - As much as the head of this version has. */
async function checkFirstHead(longHead: Bytes): Promise<void> {
  if (longHead.length < firstHeadBytes) throw damaged()
  checkRounds(longHead)
  const asOfNow = longHead.slice()
  asOfNow[markBytes - 1] = version ?? 0
  // Of this version, with a digit that was damaged.
  if ((await sumOf(asOfNow)).every((byte, at) => longHead[sumAt + at] === byte)) throw damaged()
}

function checkRounds(head: Bytes): void {
  const asked = roundsOf(head)
  if (asked < 1 || asked > mostRounds) throw damaged()
}

function roundsOf(head: Bytes): number {
  return new DataView(head.buffer).getUint32(markBytes)
}

async function sumOf(head: Bytes): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', head.slice(0, sumAt))).subarray(0, sumBytes)
}

interface NumberedPiece {
  readonly piece: Bytes
  readonly algorithm: AesGcmParams & { readonly iv: Bytes }
}

async function* numbered(pieces: AsyncIterable<Bytes>, head: Bytes): AsyncGenerator<NumberedPiece, void> {
  let number = 0
  let previous: Bytes | undefined
  const seal = (piece: Bytes, isLast: boolean) => {
    const iv = new Uint8Array(nonceBytes + 5)
    iv.set(head.subarray(nonceAt, proofAt))
    new DataView(iv.buffer).setUint32(nonceBytes, number++)
    iv[nonceBytes + 4] = isLast ? 1 : 0
    return { piece, algorithm: { name: 'AES-GCM', iv, additionalData: head } as const }
  }
  for await (const piece of pieces) {
    if (previous) yield seal(previous, false)
    previous = piece
  }
  if (previous) yield seal(previous, true)
}

interface Keys {
  /** Seals the pieces. */
  readonly key: CryptoKey
  readonly proof: Uint8Array
  /** Whether a piece of the first version that does not open begins as every export does, and so was damaged. */
  readonly looksRight: (piece: Bytes, sealed: { readonly iv: Bytes }) => Promise<boolean>
}

async function deriveKeys(passphrase: string, head: Bytes): Promise<Keys> {
  const { subtle } = crypto
  const algorithm = { name: 'PBKDF2', hash: 'SHA-256', salt: head.slice(saltAt, nonceAt), iterations: roundsOf(head) }
  const bytes = new TextEncoder().encode(passphrase.normalize('NFC'))
  const material = await subtle.importKey('raw', bytes, 'PBKDF2', false, ['deriveBits'])
  const master = await subtle.deriveBits(algorithm, material, 256)
  if (head.length === firstHeadBytes) {
    const key = await subtle.importKey('raw', master, 'AES-GCM', false, ['decrypt'])
    const counting = await subtle.importKey('raw', master, 'AES-CTR', false, ['decrypt'])
    return { key, proof: new Uint8Array(), looksRight: (piece, { iv }) => beginsAsGzip(counting, piece, iv) }
  }
  const source = await subtle.importKey('raw', master, 'HKDF', false, ['deriveKey'])
  const expand = (info: string) => ({
    name: 'HKDF',
    hash: 'SHA-256',
    salt: new Uint8Array(),
    info: new TextEncoder().encode(info),
  })
  const aes = { name: 'AES-GCM', length: 256 }
  const key = await subtle.deriveKey(expand('typyst export: pieces'), source, aes, false, ['encrypt', 'decrypt'])
  const hmac = { name: 'HMAC', hash: 'SHA-256', length: 256 }
  const proofKey = await subtle.deriveKey(expand('typyst export: proof'), source, hmac, false, ['sign'])
  const signed = await subtle.sign('HMAC', proofKey, head.slice(0, proofAt))
  return { key, proof: new Uint8Array(signed).subarray(0, proofBytes), looksRight: () => Promise.resolve(true) }
}

/**
 * GCM encrypts by counting, from 2 on for the text, so that a piece can be read without its tag; whether it was the last one
 * is tried out.
 */
async function beginsAsGzip(key: CryptoKey, piece: Bytes, iv: Bytes): Promise<boolean> {
  const gzip = [0x1f, 0x8b, 8, 0]
  for (const isLast of [0, 1]) {
    const counter = new Uint8Array(16)
    counter.set(iv)
    counter[nonceBytes + 4] = isLast
    counter[15] = 2
    const algorithm = { name: 'AES-CTR', counter, length: 32 }
    const start = new Uint8Array(await crypto.subtle.decrypt(algorithm, key, piece.slice(0, gzip.length)))
    const others = start.filter((byte, at) => byte !== gzip[at])
    // One of them may be what was damaged.
    if (others.length <= (start.length < gzip.length ? 0 : 1)) return true
  }
  return false
}

function damaged(): TypystDbError {
  return new TypystDbError('EXPORT_INVALID', 'The encrypted export was changed or cut off. Nothing was imported.')
}

function wrongPassphrase(): TypystDbError {
  return new TypystDbError('PASSPHRASE_WRONG', 'The passphrase does not open this export. Nothing was imported.')
}

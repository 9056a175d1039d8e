/**
 * Encrypted exports that are damaged, cut off, or met with another passphrase. They are sealed here by Node's own cryptography
 * after the description in `encryption.ts`, with one round, so that each byte can be tried.
 */
import { createCipheriv, createHash, createHmac, hkdfSync, pbkdf2Sync, randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import type { AppDatabase } from '../../../src/app/create-app-database.ts'
import { useAppDatabase } from '../data/open-app.ts'

const theApp = useAppDatabase()
let app: AppDatabase
beforeAll(() => {
  app = theApp()
})

const passphrase = 'correct horse battery staple'
const pieceBytes = 64 * 1024
const headBytes = { 1: 35, 2: 67 }
type Version = keyof typeof headBytes

/** An export of one entry with a content of that many bytes that do not compress. */
function exportOf(bytes: number): Buffer {
  const times = { created_at: '2026-01-01T00:00:00+00:00', updated_at: '2026-01-01T00:00:00+00:00' }
  const content = randomBytes(bytes).toString('base64')
  const lines = [
    { typyst: 'export', version: 1 },
    { collection: { id: 'c', name: 'C', ...times } },
    { entry: { id: 'e', title: 'E', content, collection_id: 'c', ...times } },
    { end: { collection: 1, settings: 0, entry: 1 } },
  ]
  return gzipSync(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
}

function seal(plain: Buffer, version: Version, mark = `TYPYSTE${version}`): Buffer {
  const rounds = Buffer.alloc(4)
  rounds.writeUInt32BE(1)
  const [salt, nonce] = [randomBytes(16), randomBytes(7)]
  const master = pbkdf2Sync(passphrase, salt, 1, 32, 'sha256')
  let head = Buffer.concat([Buffer.from(mark), rounds, salt, nonce])
  let key = master
  if (version === 2) {
    const expand = (info: string) => Buffer.from(hkdfSync('sha256', master, '', `typyst export: ${info}`, 32))
    key = expand('pieces')
    const proof = createHmac('sha256', expand('proof')).update(head).digest().subarray(0, 16)
    head = Buffer.concat([head, proof])
    head = Buffer.concat([head, createHash('sha256').update(head).digest().subarray(0, 16)])
  }
  const pieces = [head]
  for (let at = 0; at === 0 || at < plain.length; at += pieceBytes) {
    const iv = Buffer.alloc(12)
    nonce.copy(iv)
    iv.writeUInt32BE(at / pieceBytes, 7)
    iv[11] = at + pieceBytes >= plain.length ? 1 : 0
    const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(head)
    pieces.push(cipher.update(plain.subarray(at, at + pieceBytes)), cipher.final(), cipher.getAuthTag())
  }
  return Buffer.concat(pieces)
}

/** What becomes of it: the code of the failure, or how many rows there were. */
async function outcome(bytes: Buffer, using: string | undefined = passphrase): Promise<string | number> {
  try {
    const { inserted } = await app.transfer.importData(new Blob([Buffer.from(bytes)]), { passphrase: using })
    await app.db.delete(app.schema.collection)
    return inserted
  } catch (error) {
    return (error as { code: string }).code
  }
}

async function outcomes(variants: Iterable<Buffer>, using?: string): Promise<Set<string | number>> {
  const found = new Set<string | number>()
  for (const variant of variants) found.add(await outcome(variant, using))
  expect(await app.entries.count({ deleted: 'include' })).toBe(0)
  return found
}

const flip = (bytes: Buffer, at: number, mask = 1) => {
  const flipped = Buffer.from(bytes)
  flipped[at] = (flipped[at] ?? 0) ^ mask
  return flipped
}
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at)

describe.each([1, 2] as const)('an encrypted export of version %s', (version) => {
  const start = headBytes[version]
  const sealedPiece = pieceBytes + 16
  const small = seal(exportOf(60), version)
  const large = seal(exportOf(150_000), version)
  const piece = (number: number) => large.subarray(start + number * sealedPiece, start + (number + 1) * sealedPiece)
  const pieces = Math.ceil((large.length - start) / sealedPiece)

  it('opens with its passphrase, and with no other', async () => {
    expect(pieces).toBeGreaterThan(2)
    expect(await outcomes([small, large])).toEqual(new Set([2]))
    for (const wrong of ['', 'wrong', passphrase.toUpperCase()]) {
      expect(await outcomes([small, large], wrong)).toEqual(new Set(['PASSPHRASE_WRONG']))
    }
    await expect(app.transfer.importData(new Blob([Buffer.from(small)]))).rejects.toMatchObject({
      code: 'PASSPHRASE_WRONG',
    })
  })

  it('is damaged where it is cut off, at whatever byte', async () => {
    const lengths = range(0, small.length).filter((at) => at < start + 20 || at > small.length - 20 || at % 31 === 0)
    const cuts = lengths.map((length) => small.subarray(0, length))
    expect(await outcomes(cuts)).toEqual(new Set(['EXPORT_INVALID']))
    const edges = range(1, pieces).flatMap((number) =>
      [-18, -17, -16, -1, 0, 1, 15, 16, 17, 18].map((by) => start + number * sealedPiece + by),
    )
    const ends = [start + 30_000, start + sealedPiece + 30_000, ...range(large.length - 18, large.length)]
    const larger = [...edges, ...ends].map((length) => large.subarray(0, length))
    expect(await outcomes(larger)).toEqual(new Set(['EXPORT_INVALID']))
  })

  it('is damaged with more, less or other pieces', async () => {
    const all = range(0, pieces).map(piece)
    const head = large.subarray(0, start)
    const [first = head, second = head, ...rest] = all
    const orders = [
      [first, first, second, ...rest],
      [first, ...rest],
      [first, ...rest, second],
      all.slice(0, -1),
      [...all, rest.at(-1) ?? head],
      [...all, randomBytes(3)],
      [...all, randomBytes(100_000)],
      [],
    ]
    expect(await outcomes(orders.map((order) => Buffer.concat([head, ...order])))).toEqual(new Set(['EXPORT_INVALID']))
    const withoutFirst = [
      [second, first, ...rest],
      [second, ...rest],
    ].map((order) => Buffer.concat([head, ...order]))
    // Without a proof in the head, another piece in front looks like any bytes.
    expect(await outcomes(withoutFirst)).toEqual(new Set([version === 2 ? 'EXPORT_INVALID' : 'PASSPHRASE_WRONG']))
    expect(await outcome(Buffer.concat([small, small]))).toBe('EXPORT_INVALID')
  })

  it('is damaged where a byte is another', async () => {
    const places = range(start, small.length).filter((at) => at < start + 20 || at > small.length - 17 || at % 23 === 0)
    const inPieces = places.map((at) => flip(small, at, 1 << (at % 8)))
    expect(await outcomes(inPieces)).toEqual(new Set(['EXPORT_INVALID']))
    const inHead = range(0, start).flatMap((at) => [flip(small, at, 3), flip(small, at, 1 << (at % 8))])
    // The first version cannot tell a damaged salt from a wrong passphrase.
    expect(await outcomes(inHead)).toEqual(
      new Set(version === 2 ? ['EXPORT_INVALID'] : ['EXPORT_INVALID', 'PASSPHRASE_WRONG']),
    )
    if (version === 2) expect(await outcomes(inHead, 'wrong')).toEqual(new Set(['EXPORT_INVALID']))
  })
})

it('an encrypted export of a later version says so', async () => {
  expect(await outcome(seal(exportOf(60), 2, 'TYPYSTE3'))).toBe('EXPORT_NEWER')
})

it('an encrypted export asks for a proof of the passphrase that only the passphrase makes', async () => {
  await app.db.insert(app.schema.collection).values({ id: 'c', name: 'C' })
  const blob = await new Response(await app.transfer.exportData({ passphrase })).blob()
  const bytes = Buffer.from(await blob.arrayBuffer())
  expect(bytes.toString('latin1', 0, 8)).toBe('TYPYSTE2')
  expect(bytes.readUInt32BE(8)).toBe(600_000)
  await app.db.delete(app.schema.collection)
  expect(await outcome(bytes)).toBe(1)
  const ofAnother = Buffer.from(
    await (await new Response(await app.transfer.exportData({ passphrase: 'x' })).blob()).arrayBuffer(),
  )
  expect(bytes.subarray(35, 67)).not.toEqual(ofAnother.subarray(35, 67))
})

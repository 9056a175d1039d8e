/** Values on their way into a WebKit page and back, as text. Its function runs on both sides, so it refers to nothing. */

/** The two directions. */
export interface PageCodec {
  encode(value: unknown): string
  decode(text: string): unknown
}

/** Makes a codec for what JSON has and `undefined`, numbers that are none, bigints, dates and bytes. */
export function createPageCodec(): PageCodec {
  const tag = '$typyst'
  const pack = (value: unknown): unknown => {
    if (value === undefined || typeof value === 'function' || typeof value === 'symbol') return { [tag]: 'undefined' }
    if (typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value))) {
      return { [tag]: typeof value, text: String(value) }
    }
    if (value instanceof Date) return { [tag]: 'date', text: value.getTime() }
    if (ArrayBuffer.isView(value)) {
      return { [tag]: 'bytes', bytes: [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)] }
    }
    if (Array.isArray(value)) return value.map(pack)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, pack(each)]))
  }
  const unpack = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(unpack)
    if (typeof value !== 'object' || value === null) return value
    const { [tag]: kind, text, bytes } = value as { [tag]?: string; text?: string; bytes?: number[] }
    if (kind === 'undefined') return undefined
    if (kind === 'bigint') return BigInt(text ?? 0)
    if (kind === 'number') return Number(text)
    if (kind === 'date') return new Date(Number(text))
    if (kind === 'bytes') return Uint8Array.from(bytes ?? [])
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, unpack(each)]))
  }
  return {
    encode: (value) => JSON.stringify(pack(value)),
    decode: (text) => unpack(JSON.parse(text)),
  }
}

/** The sums by which a store knows its own bytes again: XXH64, of blocks and of whatever else IndexedDB holds. */
import createHash from 'xxhash-wasm'
import { onceOrRetry } from '../../internal/once-or-retry.ts'
import { filledLength, isBytes, isOfKind } from './bytes.ts'

/** Makes sums. A sum has 64 bits, so that damage which happens by chance is never taken for what was stored. */
export interface Sums {
  /** Of a block, as one block of one file. The zeros at its end do not count; a block of zeros has the sum 0. */
  block(fileId: number, block: number, bytes: Uint8Array): bigint
  /** Of any value that can be stored, on top of another sum. */
  value(before: bigint, value: unknown): bigint
}

/** Bytes that are summed at a time, so that a large value takes no more memory. */
const pieceBytes = 64 * 1024

/**
 * Gives the sums, whose WebAssembly takes some milliseconds once. It was chosen by measurement: 2.6 µs for 8 KB in
 * Chromium 153, where one of 64 bits in JavaScript took 4.1, and up to 20 until it was compiled.
 */
export const loadSums = onceOrRetry(async (): Promise<Sums> => {
  const hash = await createHash()
  const encode = createEncoder((bytes) => hash.h64Raw(bytes))
  return {
    block(fileId, block, bytes) {
      const length = filledLength(bytes)
      return length === 0 ? 0n : hash.h64Raw(bytes.subarray(0, length), (BigInt(fileId) << 32n) | BigInt(block))
    },
    value: (before, value) => hash.h64Raw(encode(value), before),
  }
})

/** The sum of many sums, whatever their order. */
export function addSums(left: bigint, right: bigint): bigint {
  return BigInt.asUintN(64, left + right)
}

/** A sum of many sums with one of them replaced. */
export function replaceSum(sum: bigint, old: bigint, next: bigint): bigint {
  return BigInt.asUintN(64, sum - old + next)
}

/**
 * Writes values as bytes: equal ones are equal bytes, before and after a structured clone, which keeps the order of
 * properties. The result is valid until the next call.
 */
function createEncoder(sumOf: (bytes: Uint8Array) => bigint): (value: unknown) => Uint8Array {
  const encoder = new TextEncoder()
  let bytes = new Uint8Array(4096)
  let view = new DataView(bytes.buffer)
  let at = 0

  const makeRoom = (length: number): void => {
    if (at + length <= bytes.length) return
    const larger = new Uint8Array(Math.max(bytes.length * 2, at + length))
    larger.set(bytes)
    bytes = larger
    view = new DataView(bytes.buffer)
  }
  const putMark = (kind: string, count = 0): void => {
    makeRoom(5)
    view.setUint8(at, kind.charCodeAt(0))
    view.setUint32(at + 1, count)
    at += 5
  }
  const putSum = (sum: bigint): void => {
    makeRoom(8)
    view.setBigUint64(at, sum)
    at += 8
  }
  const putNumber = (number: number): void => {
    makeRoom(8)
    view.setFloat64(at, number)
    at += 8
  }
  const putText = (text: string): void => {
    makeRoom(5 + 3 * text.length)
    const start = at
    at += 5
    at += encoder.encodeInto(text, bytes.subarray(at)).written
    view.setUint8(start, textMark)
    view.setUint32(start + 1, at - start - 5)
  }
  const putBytes = (data: Uint8Array): void => {
    putMark('y', data.length)
    if (data.length <= 64) {
      makeRoom(data.length)
      bytes.set(data, at)
      at += data.length
      return
    }
    for (let from = 0; from < data.length; from += pieceBytes) putSum(sumOf(data.subarray(from, from + pieceBytes)))
  }
  const put = (value: unknown): void => {
    if (typeof value === 'string') putText(value)
    else if (typeof value === 'number') {
      putMark('n')
      putNumber(value)
    } else if (typeof value === 'bigint') {
      putMark('i')
      putText(value.toString())
    } else if (typeof value === 'boolean') putMark(value ? 't' : 'f')
    else if (typeof value !== 'object' || value === null) putMark(value === null ? '0' : 'u')
    else if (isBytes(value)) putBytes(value)
    else if (ArrayBuffer.isView(value)) putBytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
    else if (isBuffer(value)) putBytes(new Uint8Array(value))
    else if (isDate(value)) {
      putMark('d')
      putNumber(value.getTime())
    } else if (isCollection(value)) {
      putMark('m')
      put([...value])
    } else if (Array.isArray(value)) {
      putMark('a', value.length)
      for (const part of value) put(part)
    } else {
      const entries = Object.entries(value)
      putMark('o', entries.length)
      for (const [key, part] of entries) {
        putText(key)
        put(part)
      }
    }
  }
  return (value) => {
    at = 0
    put(value)
    return bytes.subarray(0, at)
  }
}

const textMark = 's'.charCodeAt(0)

const isBuffer = (value: unknown): value is ArrayBuffer => isOfKind(value, 'ArrayBuffer')
const isDate = (value: unknown): value is Date => isOfKind(value, 'Date')
const isCollection = (value: unknown): value is Iterable<unknown> => isOfKind(value, 'Map') || isOfKind(value, 'Set')

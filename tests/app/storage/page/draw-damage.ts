/** Damages of one kind at one place of a store: what storage, a bug or a careless hand can do to it. */
import type { Random } from '../../../support/random.ts'
import type { Dump, RawRecord, StoreName } from './raw-store.ts'

/** A damage. */
export interface Damage {
  readonly what: string
  readonly writes: readonly RawRecord[]
}

const kinds = [
  'change',
  'change',
  'change',
  'change',
  'delete',
  'swap',
  'move',
  'copy',
  'old',
  'old',
  'replace',
] as const

/** So often each store is hit: the small ones would hardly be otherwise. */
const targets: readonly StoreName[] = [
  'journal',
  'journal',
  'journal',
  'records',
  'records',
  'records',
  'packs',
  'packs',
  'entries',
  'entries',
  'meta',
]

/**
 * Draws a damage that changes something.
 *
 * @param earlier - What the same database held before; a damage may bring a record of it back.
 */
export function drawDamage(random: Random, current: Dump, earlier: Dump): Damage {
  for (;;) {
    const target = pick(random, targets)
    const records = current.filter(({ store }) => store === target)
    const [first, second] = [pickOr(random, records), pickOr(random, records)]
    const kind = pick(random, kinds)
    if (!first || !second) continue
    const damage = draw(random, kind, first, second, records, earlier)
    if (damage) return damage
  }
}

function draw(
  random: Random,
  kind: (typeof kinds)[number],
  first: RawRecord,
  second: RawRecord,
  records: Dump,
  earlier: Dump,
): Damage | undefined {
  const { store, key, value } = first
  const at = `${store} ${JSON.stringify(key)}`
  switch (kind) {
    case 'change': {
      const changed = change(random, value)
      return changed && { what: `${at}: ${changed.what}`, writes: [{ ...first, value: changed.value }] }
    }
    case 'delete':
      return { what: `${at} deleted`, writes: [{ ...first, value: undefined }] }
    case 'swap':
      if (isSame(value, second.value)) return undefined
      return {
        what: `${at} swapped with ${JSON.stringify(second.key)}`,
        writes: [
          { ...first, value: second.value },
          { ...second, value },
        ],
      }
    case 'move': {
      const to = otherKey(random, key)
      if (records.some((other) => isSame(other.key, to) && isSame(other.value, value))) return undefined
      return {
        what: `${at} moved to ${JSON.stringify(to)}`,
        writes: [
          { ...first, value: undefined },
          { store, key: to, value },
        ],
      }
    }
    case 'copy': {
      const to = random(2) ? second.key : otherKey(random, key)
      const known = records.find((other) => isSame(other.key, to))
      if (known && isSame(known.value, value)) return undefined
      return { what: `${at} copied to ${JSON.stringify(to)}`, writes: [{ store, key: to, value }] }
    }
    case 'old': {
      const older = earlier.filter((record) => record.store === store)
      const old = pickOr(random, older)
      const now = records.find((record) => isSame(record.key, old?.key))
      if (!old || (now && isSame(now.value, old.value))) return undefined
      return { what: `${store} ${JSON.stringify(old.key)} as it was before`, writes: [old] }
    }
    case 'replace': {
      const garbage = pick<unknown>(random, [0, -1, '', 'x', null, [], {}, new Uint8Array(), new Uint8Array(100)])
      if (isSame(value, garbage)) return undefined
      return { what: `${at} replaced by ${JSON.stringify(garbage)}`, writes: [{ ...first, value: garbage }] }
    }
    default:
      return kind satisfies never
  }
}

/** A key near another one, of the same kind. */
function otherKey(random: Random, key: IDBValidKey): IDBValidKey {
  if (typeof key === 'number') return random(3) ? flipNumber(random, key) : key + 1
  if (typeof key === 'string') return key === '' ? 'x' : flipText(random, key)
  if (!Array.isArray(key)) return 'x'
  const at = random(key.length)
  return key.map((part: IDBValidKey, index) => (index === at ? otherKey(random, part) : part))
}

interface Change {
  readonly what: string
  readonly value: unknown
}

/** Changes something within a value. */
function change(random: Random, value: unknown): Change | undefined {
  if (typeof value === 'number') return { what: 'a number', value: flipNumber(random, value) }
  if (typeof value === 'bigint') return { what: 'a sum', value: value ^ (1n << BigInt(random(64))) }
  if (typeof value === 'boolean') return { what: 'a flag', value: !value }
  if (typeof value === 'string') return { what: 'a text', value: value === '' ? 'x' : flipText(random, value) }
  if (value instanceof Uint8Array) return changeBytes(random, value)
  if (value instanceof Uint32Array) {
    const bytes = changeBytes(random, new Uint8Array(value.slice().buffer))
    if (!bytes || !(bytes.value instanceof Uint8Array)) return undefined
    const whole = bytes.value.slice(0, bytes.value.length - (bytes.value.length % 4))
    return isSame(whole, new Uint8Array(value.slice().buffer))
      ? undefined
      : { what: `of runs ${bytes.what}`, value: new Uint32Array(whole.buffer) }
  }
  if (Array.isArray(value)) {
    if (value.length === 0) return { what: 'a list has more', value: [0] }
    const at = random(value.length)
    const without = value.filter((_, index) => index !== at) as unknown[]
    if (random(6) === 0) return { what: `a list without its ${at}.`, value: without }
    if (random(6) === 0) return { what: `a list with its ${at}. twice`, value: [...(value as unknown[]), value[at]] }
    const changed = change(random, value[at])
    return changed && { what: `${at}: ${changed.what}`, value: (value as unknown[]).with(at, changed.value) }
  }
  if (typeof value !== 'object' || value === null) return undefined
  const entries = Object.entries(value) as [string, unknown][]
  const [name, part] = pickOr(random, entries) ?? []
  if (name === undefined) return { what: 'more', value: { x: 1 } }
  if (random(8) === 0) {
    return { what: `without ${name}`, value: Object.fromEntries(entries.filter(([other]) => other !== name)) }
  }
  const changed = change(random, part)
  return changed && { what: `${name}: ${changed.what}`, value: { ...value, [name]: changed.value } }
}

function changeBytes(random: Random, bytes: Uint8Array): Change | undefined {
  if (bytes.length === 0) return { what: 'bytes where there were none', value: new Uint8Array([1, 2, 3]) }
  const copy = bytes.slice()
  const from = random(bytes.length)
  const to = Math.min(bytes.length, from + pick(random, [1, 4, 512, 4096, 8192, 65_536]))
  const kind = random(5)
  if (kind === 0) copy.fill(0, from, to)
  else if (kind === 1) return { what: `cut to ${from} bytes`, value: copy.slice(0, from) }
  else if (kind === 2) {
    const other = random(bytes.length)
    copy.copyWithin(from, other, other + to - from)
  } else copy[from] = (copy[from] ?? 0) ^ (1 << random(8))
  return isSame(copy, bytes) ? undefined : { what: `bytes from ${from} on, kind ${kind}`, value: copy }
}

/** Flips a bit of a number as it is stored, unless that makes no number of it. */
function flipNumber(random: Random, number: number): number {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, number)
  const bit = random(64)
  view.setUint8(bit >> 3, view.getUint8(bit >> 3) ^ (1 << (bit & 7)))
  const flipped = view.getFloat64(0)
  // A zero with a sign is the same key.
  if (random(2) === 0 || Number.isNaN(flipped) || flipped === 0) return number ^ (1 << random(16))
  return flipped
}

function flipText(random: Random, text: string): string {
  const at = random(text.length)
  return text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << random(6))) + text.slice(at + 1)
}

function pick<T>(random: Random, from: readonly T[]): T {
  const picked = pickOr(random, from)
  if (picked === undefined) throw new Error('There is nothing to pick from.')
  return picked
}

function pickOr<T>(random: Random, from: readonly T[]): T | undefined {
  return from.length === 0 ? undefined : from[random(from.length)]
}

/** Whether two stored values are the same. */
export function isSame(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  if (ArrayBuffer.isView(left) && ArrayBuffer.isView(right)) {
    if (left.byteLength !== right.byteLength || left.constructor !== right.constructor) return false
    const [a, b] = [left, right].map((view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
    return a?.every((byte, at) => byte === b?.[at]) ?? false
  }
  const [keys, others] = [Object.keys(left), Object.keys(right)]
  return (
    Array.isArray(left) === Array.isArray(right) &&
    keys.length === others.length &&
    keys.every((key) => isSame(Reflect.get(left, key), Reflect.get(right, key)))
  )
}

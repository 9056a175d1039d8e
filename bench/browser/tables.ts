/** Shows figures and floors as Markdown tables. */
import type { Figures } from './figures.ts'
import type { JudgedFloor } from './floors.ts'
import type { BenchOptions } from './options.ts'
import { peerTitles } from './peers.ts'
import type { PeerName } from './peers.ts'

type Unit = 'ms' | 'KB' | 'MB'
type FigureRow = readonly [title: string, figure: string, unit: Unit]

/** One row for each figure, one column for each peer, and the strict database's ratios at the end. */
export function figuresTable(figures: Figures, { peers, sizes }: Pick<BenchOptions, 'peers' | 'sizes'>): string {
  const rows = figureRows(sizes).filter(([, figure]) => peers.some((peer) => figures.of(peer, figure) !== undefined))
  const ratio = (figure: string, peer: PeerName): string => {
    const [ours, theirs] = [figures.of('typyst', figure), figures.of(peer, figure)]
    return ours === undefined || theirs === undefined ? '' : formatRatio(ours / theirs)
  }
  return markdownTable(
    ['', ...peers.map((peer) => peerTitles[peer]), 'strict ÷ PGlite `idb://`', 'strict ÷ Dexie, strict'],
    rows.map(([title, figure, unit]) => [
      title,
      ...peers.map((peer) => formatFigure(figures.of(peer, figure), unit)),
      ratio(figure, 'stock'),
      ratio(figure, 'dexie-strict'),
    ]),
  )
}

/** One row for each floor. */
export function floorsTable(floors: readonly JudgedFloor[]): string {
  return markdownTable(
    ['to reach', 'against', 'at most', 'measured', ''],
    floors.map(({ title, against, atMost, ratio, isReached }) => [
      title,
      peerTitles[against],
      formatRatio(atMost),
      formatRatio(ratio),
      isReached ? 'reached' : '**not reached**',
    ]),
  )
}

function figureRows(sizes: readonly number[]): FigureRow[] {
  const each = (title: string, figure: string, unit: Unit): FigureRow[] =>
    sizes.map((size) => [`${title}, ${size.toLocaleString('en')} entries`, `${figure}-${size}`, unit])
  return [
    ['first open with migrations', 'first-open', 'ms'],
    ['… since the navigation began', 'first-open-navigation', 'ms'],
    ...sizes.flatMap((size): FigureRow[] => [
      [`reopen, ${size.toLocaleString('en')} entries`, `reopen-${size}`, 'ms'],
      ['… since the navigation began', `reopen-${size}-navigation`, 'ms'],
      ['… after a tab that did not close it', `reopen-${size}-left`, 'ms'],
    ]),
    ['insert, Drizzle', 'insert-drizzle', 'ms'],
    ['insert, raw', 'insert-raw', 'ms'],
    ['select by key, Drizzle', 'select-drizzle', 'ms'],
    ['select by key, raw', 'select-raw', 'ms'],
    ['newest 50 of 10,000, Drizzle', 'newest-drizzle', 'ms'],
    ['newest 50 of 10,000, raw', 'newest-raw', 'ms'],
    ['10,000 in bulk, Drizzle', 'bulk-drizzle', 'ms'],
    ['10,000 in bulk, raw', 'bulk-raw', 'ms'],
    ['written per insert', 'written', 'KB'],
    ...each('storage', 'stored', 'MB'),
    ...each('JavaScript heap', 'heap', 'MB'),
    ...each("memory of the page's process", 'memory', 'MB'),
  ]
}

const bytesPerUnit: Readonly<Record<Unit, number>> = { ms: 1, KB: 1024, MB: 1024 * 1024 }

/** A figure, or a dash where there is none. */
export function formatFigure(value: number | undefined, unit: Unit): string {
  if (value === undefined || Number.isNaN(value)) return '–'
  const amount = value / bytesPerUnit[unit]
  return `${amount.toFixed(amount < 10 ? 2 : amount < 100 ? 1 : 0)} ${unit}`
}

/** Small ratios as fractions, which is how the floors are put. */
export function formatRatio(ratio: number): string {
  return ratio < 0.35 ? `1/${(1 / ratio).toFixed(ratio < 0.1 ? 0 : 1)}` : `${ratio.toFixed(2)} ×`
}

/** A table with a head. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

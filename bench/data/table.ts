/** Shows the figures as Markdown tables. */
import type { Figures } from '../browser/figures.ts'
import { formatFigure, formatRatio, markdownTable } from '../browser/tables.ts'
import type { PeerName, RouteName } from './peers.ts'

type DataFigures = Figures<PeerName>

const peerOf: Readonly<Record<RouteName, PeerName>> = { repository: 'typyst', drizzle: 'typyst', dexie: 'dexie' }

const rows = [
  ['first page of 50', 'first-page'],
  ['next page of 50', 'next-page'],
  ['one entry added', 'add'],
  ['search, median of the keystrokes', 'search'],
  ['search, slowest keystroke', 'search-worst'],
  ['query of 50 rows', 'live-query-50'],
  ['live query of 50: from the insert to the result', 'live-total-50'],
  ['… from the acknowledgement to the result', 'live-update-50'],
  ['query of 1,000 rows', 'live-query-1000'],
  ['live query of 1,000: from the insert to the result', 'live-total-1000'],
  ['… from the acknowledgement to the result', 'live-update-1000'],
  ['export of everything', 'export'],
] as const

/** One row for each figure and size. */
export function dataTable(figures: DataFigures, sizes: readonly number[]): string {
  const value = (route: RouteName, figure: string, size: number) =>
    figures.of(peerOf[route], `${figure}-${route}@${size}`)
  const line = (title: string, ours?: number, byHand?: number, dexie?: number): string[] => [
    title,
    ...[ours, byHand, dexie].map((figure) => formatFigure(figure, 'ms')),
    ...[byHand, dexie].map((other) => (ours === undefined || other === undefined ? '' : formatRatio(ours / other))),
  ]
  return markdownTable(
    ['', '`@typyst/db`', 'Drizzle by hand', 'Dexie, strict', '÷ by hand', '÷ Dexie'],
    sizes.flatMap((size, at) => {
      const from = sizes[at - 1] ?? 0
      const imported = (figure: string) =>
        (['typyst', 'by-hand', 'dexie'] as const).map((peer) => figures.of(peer, `${figure}@${size}`))
      return [
        [`**${size.toLocaleString('en')} entries**`, '', '', '', '', ''],
        line(`import of ${(size - from).toLocaleString('en')}`, ...imported('import')),
        line('… and its full-text index', ...imported('import-and-index')),
        ...rows.map(([title, figure]) =>
          line(title, value('repository', figure, size), value('drizzle', figure, size), value('dexie', figure, size)),
        ),
      ]
    }),
  )
}

/** What the data API has to reach. */
export function dataFloorsTable(figures: DataFigures, [small = 0, large = small]: readonly number[]): string {
  const of = (peer: PeerName, figure: string) => figures.of(peer, figure) ?? NaN
  const ours = (figure: string, size: number) => of('typyst', `${figure}-repository@${size}`)
  const floors: readonly (readonly [title: string, against: string, atMost: number, ratio: number])[] = [
    ...(['first-page', 'next-page', 'add'] as const).map(
      (figure) =>
        [
          rows.find(([, name]) => name === figure)?.[0] ?? figure,
          'Drizzle by hand',
          1.1,
          ours(figure, small) / of('typyst', `${figure}-drizzle@${small}`),
        ] as const,
    ),
    ['search', 'Dexie’s scan', 1 / 20, ours('search', small) / of('dexie', `search-dexie@${small}`)],
    ['search, large', 'search, small', 2, ours('search', large) / ours('search', small)],
    ...[50, 1000].map(
      (limit) =>
        [
          `live query of ${limit.toLocaleString('en')}, after the acknowledgement`,
          'the plain query',
          2,
          ours(`live-update-${limit}`, small) / ours(`live-query-${limit}`, small),
        ] as const,
    ),
    ['import', 'Dexie’s bulkAdd', 0.5, of('typyst', `import@${small}`) / of('dexie', `import@${small}`)],
    [
      'import and index',
      'Dexie’s bulkAdd',
      0.5,
      of('typyst', `import-and-index@${small}`) / of('dexie', `import@${small}`),
    ],
  ]
  return markdownTable(
    ['to reach', 'against', 'at most', 'measured', ''],
    floors.map(([title, against, atMost, ratio]) => [
      title,
      against,
      formatRatio(atMost),
      formatRatio(ratio),
      ratio <= atMost ? 'reached' : '**not reached**',
    ]),
  )
}

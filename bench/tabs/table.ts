/** Shows the figures as Markdown tables. */
import type { Figures } from '../browser/figures.ts'
import { formatFigure, formatRatio, markdownTable } from '../browser/tables.ts'
import type { CaseName } from './measure-case.ts'

const statements = [
  ['select by key, Drizzle', 'select-drizzle'],
  ['select by key, raw', 'select-raw'],
  ['1,000 rows, Drizzle', 'rows-drizzle'],
  ['1,000 rows, raw', 'rows-raw'],
  ['insert, Drizzle', 'insert-drizzle'],
  ['insert, raw', 'insert-raw'],
] as const

const notifications = [
  ['between the leader and a follower', 'leader-follower'],
  ['between two followers', 'follower-follower'],
] as const

/** One row for each statement, with its ratios to the engine in the page. */
export function statementsTable(figures: Figures<CaseName>): string {
  const ratio = (name: CaseName, figure: string): string => {
    const [here, inPage] = [figures.of(name, figure), figures.of('page', figure)]
    return here === undefined || inPage === undefined ? '–' : formatRatio(here / inPage)
  }
  return markdownTable(
    ['', 'in the page', 'own worker leads', 'another tab leads', 'own worker ÷ page', 'another tab ÷ page'],
    statements.map(([title, figure]) => [
      title,
      formatFigure(figures.of('page', figure), 'ms'),
      formatFigure(figures.of('own', figure), 'ms'),
      formatFigure(figures.of('other', figure), 'ms'),
      ratio('own', figure),
      ratio('other', figure),
    ]),
  )
}

/** From one tab's commit to another tab's callback. */
export function notificationsTable(figures: Figures<CaseName>): string {
  return markdownTable(
    ["an insert with `pg_notify`, until the other tab's callback", 'from the call', 'from its acknowledgement'],
    notifications.map(([title, pair]) => [
      title,
      formatFigure(figures.of('other', `heard-${pair}`), 'ms'),
      formatFigure(figures.of('other', `heard-after-${pair}`), 'ms'),
    ]),
  )
}

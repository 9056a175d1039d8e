/** What a search path lists. */
import { scanSql } from '../internal/scan-sql.ts'

/** The schemas of a setting such as `"$user", public`, as the catalog has them; `$user` is the one called like `owner`. */
export function schemasOfPath(path: string, owner: string): string[] {
  return [...scanSql(path)]
    .filter(({ kind }) => kind === 'word' || kind === 'name')
    .map(({ kind, text }) => (kind === 'name' ? text.slice(1, -1).replaceAll('""', '"') : text.toLowerCase()))
    .map((name) => (name === '$user' ? owner : name))
    .filter((name) => name !== '')
}

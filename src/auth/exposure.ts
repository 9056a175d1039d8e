/** Finds out who else can see the auth tables: rights, row-level security, policies, views, defaults and schemas. */
import { TypystDbError } from '../errors.ts'
import type { SqlExecutor } from '../internal/sql-connection.ts'
import { exposureQuery } from './exposure-query.ts'

/** What a finding is about. */
export type ExposureKind =
  'rights' | 'row-security' | 'policy' | 'view' | 'default-privileges' | 'schema' | 'locked-out'

/** One thing that was found. It holds names of the catalog and no data. */
export interface ExposureFinding {
  readonly kind: ExposureKind
  /** Whether it shows auth data by itself, or takes away one of the two layers that hide it; otherwise it is advice. */
  readonly isExposed: boolean
  /** The table, view or schema, with its schema where it has one. */
  readonly subject: string
  /** Whose rights: `anon`, `authenticated` or `public`; `undefined` where it is everybody's. */
  readonly role: string | undefined
  /** What is the matter and what to do about it. */
  readonly advice: string
}

/** What to leave out of an inspection. */
export interface ExposureOptions {
  /**
   * Views over auth tables that are meant to be seen, such as `public.profile`.
   *
   * @defaultValue none
   */
  readonly allowedViews?: readonly string[] | undefined
}

const advices: Readonly<Record<ExposureKind, (subject: string, role: string) => string>> = {
  rights: (subject, role) => `Role ${role} has rights on ${subject}. Run: revoke all on ${subject} from ${role}`,
  'row-security': (subject) =>
    `Row-level security is off on ${subject}. Run: alter table ${subject} enable row level security`,
  policy: (subject, role) => `A policy lets role ${role} pass the row-level security of ${subject}. Drop it`,
  view: (subject, role) =>
    `Role ${role} can read auth tables through the view ${subject}, which runs with the rights of its owner. Revoke select on it, set security_invoker, or list it in \`allowedViews\``,
  'default-privileges': (subject, role) =>
    `Tables that are created in ${subject} without \`migrate()\` are open to role ${role} at first. Let \`migrate()\` create auth tables, or give them a schema of their own with \`postgresSchema\``,
  schema: (subject, role) =>
    `Role ${role} can use schema ${subject}, so only the rights on each table keep the Data API out. A schema of their own (\`postgresSchema\`) keeps it further away`,
  'locked-out': (subject) =>
    `The connected role is itself subject to the row-level security of ${subject} and sees no rows. Connect as the owner of the table`,
}

/**
 * Inspects the auth tables that this connection uses. Changes nothing and reads no row of them.
 *
 * @param tables - Their names, without a schema.
 * @throws TypystDbError `SCHEMA_MISMATCH` when one of them is not there.
 */
export async function inspectExposure(
  executor: SqlExecutor,
  tables: readonly string[],
  { allowedViews = [] }: ExposureOptions = {},
): Promise<ExposureFinding[]> {
  const { rows: missing } = await executor.query(
    'select name from unnest($1::text[]) as name where to_regclass(quote_ident(name)) is null',
    [tables],
  )
  if (missing.length > 0) {
    throw new TypystDbError(
      'SCHEMA_MISMATCH',
      'The auth tables are not all there, so nothing can be said about them. Run `migrate()` first.',
    )
  }
  const { rows } = await executor.query(exposureQuery, [tables])
  return rows
    .map(({ kind, subject, role }) =>
      toFinding(toKind(kind), String(subject), typeof role === 'string' ? role : undefined),
    )
    .filter(({ kind, subject }) => kind !== 'view' || !allowedViews.includes(subject))
}

/** Refuses when something shows the auth tables, and gives back what is left to advise. */
export function refuseExposure(findings: readonly ExposureFinding[]): ExposureFinding[] {
  const exposed = findings.filter(({ isExposed }) => isExposed)
  if (exposed.length === 0) return [...findings]
  throw new TypystDbError(
    'DATABASE_EXPOSED',
    `Others than your server can get at the auth tables. ${exposed.map(({ advice }) => `${advice}.`).join(' ')}`,
  )
}

function toFinding(kind: ExposureKind, subject: string, role: string | undefined): ExposureFinding {
  const isExposed = !['default-privileges', 'schema', 'locked-out'].includes(kind)
  return { kind, isExposed, subject, role, advice: advices[kind](subject, role ?? 'public') }
}

function toKind(value: unknown): ExposureKind {
  for (const kind of Object.keys(advices) as ExposureKind[]) if (kind === value) return kind
  throw new TypystDbError('QUERY_FAILED', 'The inspection gave a finding of an unknown kind. Report this as a bug.')
}

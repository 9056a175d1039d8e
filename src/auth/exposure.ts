/** Finds out who else can get at the auth tables: by rights, by what is built over them, and by what copies them. */
import { TypystDbError } from '../errors.ts'
import type { SqlExecutor } from '../internal/sql-connection.ts'
import { inspectCode } from './exposure-code.ts'
import { exposureQuery } from './exposure-query.ts'

/** What a finding is about. */
export type ExposureKind =
  | 'rights'
  | 'membership'
  | 'role'
  | 'row-security'
  | 'policy'
  | 'view'
  | 'inheritance'
  | 'rule'
  | 'trigger'
  | 'copy'
  | 'notification'
  | 'unread-trigger'
  | 'function'
  | 'dynamic-function'
  | 'search-path'
  | 'publication'
  | 'sequence'
  | 'foreign-table'
  | 'default-privileges'
  | 'schema'
  | 'locked-out'

/** One thing that was found. It holds names of the catalog and no data. */
export interface ExposureFinding {
  readonly kind: ExposureKind
  /** Whether it shows auth data by itself, or takes away one of the two layers that hide it; otherwise it is advice. */
  readonly isExposed: boolean
  /** The table, view, function, sequence, role or schema, with its schema where it has one. */
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
  /**
   * Whatever else was found and is meant to be so, by its `subject`: `public.is_member(team text)`.
   *
   * @defaultValue none
   */
  readonly allowed?: readonly string[] | undefined
}

type Advice = (subject: string, role: string, via: string) => string

const advices: Readonly<Record<ExposureKind, Advice>> = {
  rights: (subject, role) => `Role ${role} has rights on ${subject}. Run: revoke all on ${subject} from ${role}`,
  membership: (subject, role, via) =>
    `Role ${role} is a member of role ${via}, which has rights on ${subject}. Run: revoke ${via} from ${role}`,
  role: (subject, role) =>
    `Role ${role} has an attribute that no role of the Data API needs. Run: alter role ${subject} nosuperuser nobypassrls noreplication nocreaterole`,
  'row-security': (subject) =>
    `Row-level security is off on ${subject}. Run: alter table ${subject} enable row level security`,
  policy: (subject, role) => `A policy lets role ${role} pass the row-level security of ${subject}. Drop it`,
  view: (subject, role) =>
    `Role ${role} can read auth tables through the view ${subject}, which runs or was filled with the rights of its owner. Revoke select on it, set security_invoker, or list it in \`allowedViews\``,
  inheritance: (subject, role, via) =>
    `Role ${role} has rights on ${subject}, whose rows are those of ${via} too. Run: alter table ${via} no inherit ${subject}`,
  rule: (subject, role, via) =>
    `Role ${role} can write ${subject}, whose rule ${via} uses auth tables with the rights of the owner. Run: drop rule ${via} on ${subject}`,
  trigger: (subject, role, via) =>
    `Role ${role} can write ${subject}, and a trigger then runs ${via}, which gets at auth tables with the rights of its owner. Make the function security invoker, or drop the trigger`,
  copy: (subject, role, via) =>
    `${via} copies what is written to auth tables into ${subject}, which role ${role} can read. Drop it, or revoke all on ${subject} from ${role}`,
  notification: (subject, _role, via) =>
    `${via} of an auth table has ${subject} run, which passes on what is written there by pg_notify to whoever connects and listens. Pass on nothing but constants, or drop it`,
  'unread-trigger': (subject, _role, via) =>
    `The trigger ${via} on ${subject} runs statements that are put together, so where it writes to cannot be told. Look at its function`,
  function: (subject, role) =>
    `Role ${role} can call ${subject}, which gets at auth tables with the rights of its owner. Run: revoke execute on function ${subject} from ${callers(role)}`,
  'dynamic-function': (subject, role) =>
    `Role ${role} can call ${subject}, which runs statements that are put together with the rights of its owner, who has rights on auth tables. Run: revoke execute on function ${subject} from ${callers(role)}`,
  'search-path': (subject, role) =>
    `Role ${role} can have ${subject} run and can create, in a schema or as a temporary table, what that function then takes for something else. Write each name in it with its schema, and run: alter function ${subject} set search_path = pg_catalog, pg_temp`,
  publication: (subject, _role, via) =>
    `The publication ${via} sends the changes of ${subject} to whoever subscribes, as Realtime does. Leave the table out of it`,
  sequence: (subject, role) =>
    `Role ${role} has rights on the sequence ${subject} of an auth table. Run: revoke all on sequence ${subject} from ${role}`,
  'foreign-table': (subject, role, via) =>
    `Role ${role} can read an auth table through the foreign table ${subject} of server ${via}. Run: revoke all on ${subject} from ${role}`,
  'default-privileges': (subject, role) =>
    `Tables that are created in ${subject} without \`migrate()\` are open to role ${role} at first. Let \`migrate()\` create auth tables, or give them a schema of their own with \`postgresSchema\``,
  schema: (subject, role) =>
    `Role ${role} can use schema ${subject}, so only the rights on each table keep the Data API out. A schema of their own (\`postgresSchema\`) keeps it further away`,
  'locked-out': (subject) =>
    `The connected role is itself subject to the row-level security of ${subject} and sees no rows. Connect as the owner of the table`,
}

/** Functions are open to PUBLIC unless that was taken back. */
function callers(role: string): string {
  return role === 'public' ? role : `${role}, public`
}

/** What takes no layer away by itself. */
const onlyAdvice: readonly ExposureKind[] = ['default-privileges', 'schema', 'locked-out', 'unread-trigger']

/**
 * Inspects the auth tables that this connection uses. Changes nothing and reads no row of them.
 *
 * @param tables - Their names, without a schema.
 * @throws TypystDbError `SCHEMA_MISMATCH` when one of them is not there.
 */
export async function inspectExposure(
  executor: SqlExecutor,
  tables: readonly string[],
  { allowedViews = [], allowed = [] }: ExposureOptions = {},
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
  const fromCatalog = rows.map(({ kind, subject, role, via }) => ({
    kind: toKind(kind),
    subject: String(subject),
    role: textOrNone(role),
    via: textOrNone(via),
  }))
  return [...fromCatalog, ...(await inspectCode(executor, tables))]
    .map(toFinding)
    .filter(({ kind, subject }) => !(kind === 'view' ? [...allowedViews, ...allowed] : allowed).includes(subject))
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

interface Found {
  readonly kind: ExposureKind
  readonly subject: string
  readonly role: string | undefined
  readonly via: string | undefined
}

function toFinding({ kind, subject, role, via }: Found): ExposureFinding {
  const advice = advices[kind](subject, role ?? 'public', via ?? '')
  return { kind, isExposed: !onlyAdvice.includes(kind), subject, role, advice }
}

function textOrNone(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function toKind(value: unknown): ExposureKind {
  for (const kind of Object.keys(advices) as ExposureKind[]) if (kind === value) return kind
  throw new TypystDbError('QUERY_FAILED', 'The inspection gave a finding of an unknown kind. Report this as a bug.')
}

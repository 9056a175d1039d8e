/** The message with which a server ends a session. */

/** Severities after which the server ends the session; https://www.postgresql.org/docs/current/runtime-config-logging.html */
const farewells = new Set(['FATAL', 'PANIC'])

/** An error as postgres.js would make it, when it ends the session. */
export function readFarewell(body: Buffer): Error | undefined {
  const fields = new Map(
    body
      .toString()
      .split('\0')
      .map((field) => [field.slice(0, 1), field.slice(1)]),
  )
  // "V" is never translated; servers before version 9.6 and some poolers have only "S".
  const severity = fields.get('V') ?? fields.get('S') ?? ''
  if (!farewells.has(severity)) return undefined
  return Object.assign(new Error(fields.get('M')), { name: 'PostgresError', code: fields.get('C'), severity })
}

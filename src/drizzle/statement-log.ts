/** What the option `debug` of both sides comes to. */

/** Called with each statement's text before it runs; never with its parameters. */
export type StatementLog = (statement: string) => void

/** The log that `debug` asks for: a function as it is, `true` for the console, nothing otherwise. */
export function toStatementLog(debug: boolean | StatementLog | undefined): StatementLog | undefined {
  if (typeof debug === 'function') return debug
  return debug ? (statement) => console.debug(statement) : undefined
}

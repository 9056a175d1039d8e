/** Keeps off what would reset the one session that everything shares: live queries and listeners, of all tabs, would fall silent. */
import type { PGlite } from '@electric-sql/pglite'
import { TypystDbError } from '../errors.ts'
import { splitStatements } from '../internal/statement-pieces.ts'
import { splitMessages, statementText } from './protocol-messages.ts'

/** What takes along what others have set up in a session that all share. */
type SessionReset = 'discard' | 'reset' | 'unlisten'

const remedies: Readonly<Record<SessionReset, string>> = {
  discard: 'Use `discard plans`, `discard sequences`, `discard temp` or `deallocate all` for what it should discard.',
  reset: 'Name the settings to reset, one by one; those of `typyst` belong to the package.',
  unlisten: 'End each listener by the function that `listen` gave, or name its channel.',
}

/** Makes a client refuse such a statement, whichever way it comes, before anything of its message runs. */
export function refuseSessionResets(client: Pick<PGlite, 'execProtocolRawSync'>): void {
  const execute = client.execProtocolRawSync.bind(client)
  client.execProtocolRawSync = (message) => {
    for (const each of splitMessages(message)) {
      const text = statementText(each)
      const reset = text === undefined ? undefined : findSessionReset(text)
      if (reset) throw refusal(reset)
    }
    return execute(message)
  }
}

const resetSuspicion = /discard|reset|unlisten/i

/** The first statement of a text that resets the whole session; what functions and `do` blocks do inside is not seen. */
function findSessionReset(text: string): SessionReset | undefined {
  if (!resetSuspicion.test(text)) return undefined
  for (const statement of splitStatements(text)) {
    const [head, what] = statement
    if (head?.isWord !== true) continue
    if (head.text === 'discard' && what?.text === 'all') return 'discard'
    // The prefix is the package's own.
    if (head.text === 'reset' && (what?.text === 'all' || what?.text === 'typyst')) return 'reset'
    if (head.text === 'unlisten' && what?.text === '*') return 'unlisten'
  }
  return undefined
}

function refusal(reset: SessionReset): TypystDbError {
  return new TypystDbError(
    'STATEMENT_REFUSED',
    `The statement would reset the session that all tabs share, where live queries and listeners would fall silent, and was not run. ${remedies[reset]}`,
  )
}

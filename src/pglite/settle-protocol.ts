/**
 * Ends what a caller sends by the wire protocol, before any other statement runs. After an error Postgres ignores everything up
 * to the next `sync`, so a message that fails without one would swallow the statement behind it, whoever sent that.
 */
import type { PGlite, protocol } from '@electric-sql/pglite'
import { TypystDbError } from '../errors.ts'
import { endsInSync, isWhole } from './protocol-messages.ts'
import type { EngineWatch } from './watch-engine.ts'

/**
 * Makes a client end the work of `runExclusive` with a `sync`, also one that a caller has sent already: a query may have been
 * among what was ignored. Where no error was, the `sync` commits what was executed without one, and may fail as a commit may.
 *
 * It has to come after `refuseStrayTransactions`, which could not roll back before the `sync`.
 *
 * Bytes that are not whole messages are refused unsent: PGlite would ask for the rest without an end.
 */
export function settleProtocol(
  client: Pick<PGlite, 'execProtocolRawSync' | 'execProtocolStream' | 'runExclusive'>,
  { serialize }: Pick<typeof protocol, 'serialize'>,
  engine: Pick<EngineWatch, 'failure'>,
): void {
  let hasEnded = true
  const execute = client.execProtocolRawSync.bind(client)
  client.execProtocolRawSync = (message) => {
    if (!isWhole(message)) throw brokenMessage()
    hasEnded = endsInSync(message)
    return execute(message)
  }

  const settle = async (): Promise<void> => {
    // What was stored with the last message lacks what is committed only now.
    if (!engine.failure) await client.execProtocolStream(serialize.sync(), { syncToFs: !hasEnded })
  }
  const runExclusive = client.runExclusive.bind(client)
  client.runExclusive = (work) =>
    runExclusive(async () => {
      let result: Awaited<ReturnType<typeof work>>
      try {
        result = await work()
      } catch (cause) {
        // What the work failed with is the error to report.
        await settle().catch(() => undefined)
        throw cause
      }
      await settle()
      return result
    })
}

function brokenMessage(): TypystDbError {
  return new TypystDbError(
    'INVALID_INPUT',
    'The bytes are not whole messages that a client may send in an open session, and were not sent. Pass messages as `protocol.serialize` of PGlite makes them, each in one piece.',
  )
}

/**
 * Notes when Postgres inside of PGlite has come to its end. PGlite 0.5.16 swallows whatever its WebAssembly throws, a trap
 * or a stack that is used up, gives an empty answer, and goes on with an engine whose memory is in no defined state: every
 * later statement gives an empty result, or is tried without an end. docs/upstream.md has the text of the report.
 */
import type { PGlite } from '@electric-sql/pglite'
import { TypystDbError } from '../errors.ts'
import { createDeferred } from '../internal/deferred.ts'

/** What became of an engine. */
export interface EngineWatch {
  /** Why it can run nothing any more. */
  readonly failure: TypystDbError | undefined
  /** Resolves when it fails. */
  readonly failed: Promise<void>
  /** Gives it up: everything that is asked of it from now on fails. */
  fail(cause: unknown): TypystDbError
}

/** What Postgres throws to get to its own handler of errors, which is the one thing that may be thrown. */
const longJump = 100

/** Where WebAssembly runs, and so may end; the last two also run when a message has failed. */
const entries = [
  '_PostgresMainLoopOnce',
  '_PostgresMainLongJmp',
  '_pq_buffer_remaining_data',
  '_IsTransactionBlock',
] as const
const endings = ['_PostgresSendReadyForQueryIfNecessary', '_pgl_pq_flush'] as const

/** Watches a client's engine, and keeps everything off one that has failed. */
export function watchEngine(client: PGlite): EngineWatch {
  const failed = createDeferred<void>()
  let failure: TypystDbError | undefined
  const fail = (cause: unknown): TypystDbError => {
    if (failure) return failure
    failure = engineFailed(cause)
    failed.resolve()
    return failure
  }
  const refuseIfFailed = (): void => {
    if (failure) throw failure
  }
  const guarded = (call: Call): Call => {
    return (...args) => {
      refuseIfFailed()
      try {
        return call(...args)
      } catch (cause) {
        throw isLongJump(cause) ? cause : fail(cause)
      }
    }
  }

  const engine: object = client.Module
  for (const name of entries) replace(engine, name, guarded)
  // PGlite's own handler asks for this one: to throw here is the way out of its loop, which would have no end.
  replace(engine, 'stackRestore', guarded)
  for (const name of endings) {
    replace(engine, name, (call) => {
      const inner = guarded(call)
      return (...args) => (failure ? undefined : inner(...args))
    })
  }
  const execute = client.execProtocolRawSync.bind(client)
  client.execProtocolRawSync = (message) => {
    refuseIfFailed()
    const answer = execute(message)
    refuseIfFailed()
    return answer
  }
  const sync = client.syncToFs.bind(client)
  client.syncToFs = async () => {
    refuseIfFailed()
    await sync()
  }
  return {
    get failure() {
      return failure
    },
    failed: failed.promise,
    fail,
  }
}

/** A function of the engine; they take and give numbers. */
type Call = (...args: readonly unknown[]) => unknown

function replace(engine: object, name: string, change: (call: Call) => Call): void {
  const call: unknown = Reflect.get(engine, name)
  // Another release may have other ones; an answer without its end is noticed all the same, see batch-protocol.ts.
  if (typeof call !== 'function') return
  Reflect.set(
    engine,
    name,
    change((...args) => Reflect.apply(call, engine, args) as unknown),
  )
}

function isLongJump(thrown: unknown): boolean {
  return typeof thrown === 'object' && thrown !== null && 'status' in thrown && thrown.status === longJump
}

function engineFailed(cause: unknown): TypystDbError {
  return new TypystDbError(
    'ENGINE_FAILED',
    'The database engine met an error that it cannot go on from, such as an endless recursion or too little memory, and was given up. What was acknowledged is kept; a statement with this error may have taken effect. The database opens again by itself: check what is there, then try again.',
    { cause },
  )
}

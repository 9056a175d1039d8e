/** One tab as the leader sees it: its session, its requests, each carried out once, and its open transaction. */
import { TypystDbError } from '../../errors.ts'
import { withoutRows } from './outcome-size.ts'
import type { RequestKey } from '../storage/outcome-log.ts'
import type { Engine, EngineSession, JobOutcome } from './engine.ts'
import { channelName } from './channel-name.ts'
import { encodeError } from './error-codec.ts'
import type { Outcome, ToClient, ToLeader } from './protocol.ts'
import { schemaOutdated } from './schema-outdated.ts'

type CallMessage = Extract<ToLeader, { readonly type: 'call' }>
type AttachMessage = Extract<ToLeader, { readonly type: 'attach' }>

/** A tab at the leader. */
export interface ClientDesk {
  readonly clientId: string
  /** What the tab said of itself when it attached. */
  readonly attached: AttachMessage | undefined
  readonly channels: ReadonlySet<string>
  post(message: ToClient): void
  /** Begins a new session of the tab; open transactions of an older one are rolled back. */
  attach(message: AttachMessage): void
  /**
   * What became of the requests the tab asks for, of those that took effect.
   *
   * @param kept - What an earlier leader stored about this tab's requests.
   */
  resume(numbers: readonly number[], kept: Iterable<readonly [number, object]>): (readonly [number, Outcome])[]
  handle(engine: Engine, message: CallMessage): Promise<void>
  /** Refuses everything from now on: the tab's code is older than the database. */
  outdate(): void
  /** Rolls back what is open, for a reason other than that another worker leads. */
  abortSessions(reason?: TypystDbError): void
  /** The same, and does nothing for the tab any more. */
  dismiss(): void
}

/** What a desk tells the leader. */
export interface DeskOptions {
  readonly clientId: string
  readonly post: (message: ToClient) => void
  /** The tab needs no outcome below this number any more. */
  readonly onAnswered: (below: number) => void
  /** Whether any tab listens on a channel. */
  readonly isListenedTo: (channel: string) => boolean
  /** The storage belongs to another leader now. */
  readonly onDeposed: () => void
}

export function createClientDesk({ clientId, post, onAnswered, isListenedTo, onDeposed }: DeskOptions): ClientDesk {
  /** Requests under way, and those with an effect that the tab may still ask for. */
  const requests = new Map<number, Outcome | 'running'>()
  const sessions = new Map<number, EngineSession>()
  const channels = new Set<string>()
  let attached: AttachMessage | undefined
  let isOutdated = false
  let isDismissed = false

  const check = (): void => {
    if (isDismissed) throw new TypystDbError('CLOSED', 'The tab that asked is gone.')
    if (isOutdated) throw schemaOutdated()
  }
  const abortSessions = (reason: TypystDbError = leaderChanged()): void => {
    for (const session of sessions.values()) session.abort(reason)
    sessions.clear()
  }

  const perform = async (engine: Engine, { number, within, call }: CallMessage): Promise<JobOutcome> => {
    const key: RequestKey = { clientId, number }
    const session = within === undefined ? undefined : sessions.get(within)
    if (within !== undefined && !session) throw leaderChanged()
    switch (call.type) {
      case 'begin':
      case 'hold': {
        const begun = await engine.begin(call.type, check)
        if (isDismissed) begun.abort(leaderChanged())
        else sessions.set(number, begun)
        return doneWithoutTrace
      }
      case 'commit':
      case 'rollback':
      case 'release':
        if (!session || within === undefined) throw leaderChanged()
        sessions.delete(within)
        return session.end(key, call)
      case 'listen':
        channels.add(channelName(call.channel))
        break
      case 'unlisten':
        channels.delete(channelName(call.channel))
        // All tabs share one session of Postgres.
        if (isListenedTo(channelName(call.channel))) return doneWithoutTrace
        break
      default:
    }
    if (session) return { outcome: { ok: true, answer: await session.run(call) }, isKept: false }
    if (call.type === 'flush') await (call.scrubs ? engine.opened.scrub(withoutRows) : engine.opened.flush())
    return engine.run(key, call, check)
  }

  return {
    clientId,
    channels,
    post,
    abortSessions,
    get attached() {
      return attached
    },
    attach(message) {
      abortSessions()
      attached = message
      isOutdated = false
      channels.clear()
      for (const channel of message.channels) channels.add(channel)
    },
    resume(numbers, kept) {
      for (const [number, outcome] of kept) {
        if (isOutcome(outcome) && !requests.has(number)) requests.set(number, outcome)
      }
      return numbers.flatMap((number) => {
        const outcome = requests.get(number)
        return outcome === undefined || outcome === 'running' ? [] : [[number, outcome] as const]
      })
    },
    async handle(engine, message) {
      const { session, number, answeredBelow } = message
      if (session !== attached?.session) return
      forgetBelow(requests, answeredBelow)
      onAnswered(answeredBelow)
      const known = requests.get(number)
      // It runs for an earlier session of the tab, and is answered to this one when it is done.
      if (known === 'running') return
      if (known) {
        post({ type: 'answer', session, number, outcome: known })
        return
      }
      requests.set(number, 'running')
      const { outcome, isKept } = await perform(engine, message).catch((cause: unknown) => failed(cause))
      if (isKept) requests.set(number, outcome)
      else requests.delete(number)
      if (isDismissed) return
      if (!outcome.ok && outcome.error.code === 'DATABASE_IN_USE') onDeposed()
      else {
        const answer = { type: 'answer', session: attached.session, number } as const
        try {
          post({ ...answer, outcome })
        } catch (cause) {
          // What cannot be sent would be waited for without an end.
          post({ ...answer, outcome: failed(cause).outcome })
        }
      }
    },
    outdate() {
      isOutdated = true
      for (const session of sessions.values()) session.abort(schemaOutdated())
      if (attached) post({ type: 'outdated', session: attached.session })
    },
    dismiss() {
      isDismissed = true
      abortSessions()
    },
  }
}

const doneWithoutTrace: JobOutcome = { outcome: { ok: true, answer: { type: 'done' } }, isKept: false }

function failed(cause: unknown): JobOutcome {
  return { outcome: { ok: false, error: encodeError(cause) }, isKept: false }
}

function leaderChanged(): TypystDbError {
  return new TypystDbError(
    'LEADER_CHANGED',
    'The database moved to another tab in mid-transaction, which rolled it back. Run the whole of it again.',
  )
}

function forgetBelow(requests: Map<number, unknown>, below: number): void {
  for (const number of requests.keys()) if (number < below) requests.delete(number)
}

/** What is stored is what a leader of some release stored. */
function isOutcome(value: object): value is Outcome {
  return 'ok' in value && (value.ok === true ? 'answer' in value : 'error' in value)
}

/** A tab's side of a shared database: finds the leader, attaches, sends requests, and goes on with the next leader. */
import { isTypystDbError } from '../../errors.ts'
import type { TypystDbError } from '../../errors.ts'
import { createDeferred } from '../../internal/deferred.ts'
import type { Deferred } from '../../internal/deferred.ts'
import { decodeError } from '../worker/error-codec.ts'
import { schemaOutdated } from '../worker/schema-outdated.ts'
import type { Answer, Call, ToClient } from '../worker/protocol.ts'
import { createLeaderLink } from './leader-link.ts'
import { createLossWatch } from './loss-watch.ts'
import { createMembership } from './membership.ts'
import { createPendingCalls } from './pending-calls.ts'
import type { OpenSession } from './pending-calls.ts'
import { createServiceWatch } from './service-watch.ts'
import { createSilenceWatch } from './silence-watch.ts'
import type { Attached, TabClient, TabClientOptions } from './tab-client-types.ts'
import { hasSuccessor } from '../worker/find-holder.ts'
import { acknowledgedLost, closed, closedByDestroy, nobodyAnswers, openInPage, reloadNeeded } from './tab-errors.ts'

export function createTabClient(options: TabClientOptions): TabClient {
  const { leaderTimeoutMs, onEvent } = options
  const calls = createPendingCalls()
  const loss = createLossWatch()
  let opening: Deferred<Attached> | undefined
  let destroying: Deferred<undefined> | undefined
  let hasAttached = false
  let isOutdated = false
  let isSuspended = false
  /** Why this tab's own worker cannot lead. */
  let unable: TypystDbError | undefined

  const membership = createMembership(options, {
    onLeading: (workerId) => link.follow(workerId),
    onOtherLeading: (leaderId) => void link.look(leaderId),
    isLeading: () => link.isOwn() === true,
    onMessage: (message) => receive(message),
    onPong: () => silence.heard(),
    // A leader that did not know this tab has told everybody.
    onDestroyed(leaderId) {
      const end = (isJunk: boolean): void => {
        if (!isJunk && !destroying && membership.isTakingPart()) endDestroyed()
      }
      // Of another leader than the one that is followed, it is true only when that one leads no longer.
      if (leaderId === link.current()?.id) end(false)
      else link.isLeading().then(end, () => end(false))
    },
    onJoined: () => link.look(),
    onFailed(cause) {
      const error = isTypystDbError(cause) ? cause : nobodyAnswers()
      if (hasAttached) needReload(error)
      else fail(error)
    },
    onUnable(error) {
      unable = decodeError(error)
      link.lose(true)
      hasSuccessor(options.location).then(
        (isThere) => {
          if (!isThere && unable) endUnable(unable)
        },
        // Where the browser does not tell, somebody may come within the time that a leader has.
        () => undefined,
      )
    },
    onWorkerLost() {
      standStill()
      if (!isSuspended) start()
    },
  })

  const link = createLeaderLink(options, membership, calls, {
    onOpenInPage: () => fail(openInPage()),
    onFollowed: () => silence.heard(),
    onLost(isOrderly) {
      loss.noteLeaderLost(isOrderly)
      if (loss.hasLost() && calls.rejectFlushes(acknowledgedLost())) loss.takeLost()
      calls.loseLeader(isOrderly)
      silence.update()
    },
  })

  const service = createServiceWatch({
    isAttached: () => link.current()?.state === 'attached',
    onDoubt: () => link.knock(),
    onForgotten() {
      link.lose(true)
      void link.look()
    },
  })

  /** Ticks while something is waited for. */
  const silence = createSilenceWatch({
    leaderTimeoutMs,
    isWaiting: () => membership.isTakingPart() && (opening !== undefined || destroying !== undefined || calls.size > 0),
    // The own worker's end is told by its lock, and until then it is at work.
    isExcused: () => link.isOwn() === true || membership.isStarting(),
    onSilence() {
      link.ping()
      service.tick()
      // Nobody leads, or its welcome was lost, or it leads no longer.
      if ((link.current()?.state ?? 'greeted') === 'greeted') void link.look()
    },
    onTimeout: () => link.takeOver(),
    onGivenUp() {
      if (unable) endUnable(unable)
      else fail(nobodyAnswers())
    },
  })

  const start = (): void => {
    unable = undefined
    void membership.start()
    silence.update()
  }

  const send = (): void => {
    silence.update()
    link.send()
  }

  /** What opening failed with, or what all requests fail with when it was open before. */
  const fail = (error: TypystDbError): void => {
    calls.giveUp(error)
    endDestroying(error)
    if (hasAttached) return
    opening?.reject(error)
    opening = undefined
    void stop()
  }

  /** Nobody can lead, this tab included. The next request tries all of it again. */
  const endUnable = (cause: TypystDbError): void => {
    unable = undefined
    if (!hasAttached) {
      fail(cause)
      return
    }
    needReload(cause)
    standStill()
  }

  const needReload = (cause: TypystDbError): void => {
    const error = reloadNeeded(cause)
    fail(error)
    onEvent({ type: 'reload-needed', error })
  }

  const stop = (): Promise<void> => {
    link.clear()
    hasAttached = false
    const leaving = membership.leave()
    silence.update()
    return leaving
  }

  /** Nothing of the tab runs any more, and it can go on later. */
  const standStill = (): void => {
    link.lose(false)
    membership.drop()
    silence.update()
  }

  const outdate = (error: TypystDbError): void => {
    calls.rejectAll(error)
    if (!isOutdated) onEvent({ type: 'schema-outdated', error })
    isOutdated = true
  }

  const endDestroying = (error?: TypystDbError): void => {
    if (error) destroying?.reject(error)
    else destroying?.resolve(undefined)
    destroying = undefined
  }

  const endDestroyed = (): void => {
    fail(closedByDestroy())
    if (membership.isTakingPart()) void stop()
    onEvent({ type: 'destroyed' })
    options.onDestroyed()
  }

  const receive = (message: ToClient): void => {
    silence.heard()
    service.served()
    // It belongs to a session with a former leader, or with this one before it was lost.
    if ('session' in message && !link.isOf(message.session)) return
    switch (message.type) {
      case 'welcome':
        if (message.leaderId !== link.current()?.id || link.current()?.state !== 'greeted') break
        if (destroying) link.askToDestroy()
        else link.attach()
        break
      case 'progress':
        if (!hasAttached) options.onPhase(message.phase)
        break
      case 'attached':
        link.become('attached')
        calls.resume(message.outcomes)
        if (message.storage) receive({ type: 'storage', state: message.storage })
        if (hasAttached) onEvent({ type: 'leader-changed', isLeader: link.isOwn() === true })
        hasAttached = true
        membership.follows(!link.isOwn())
        opening?.resolve(message)
        opening = undefined
        send()
        break
      case 'refused': {
        link.become('refused')
        const error = decodeError(message.error)
        // It fitted when this tab attached first, so somebody migrated it since.
        if (hasAttached && error.code === 'DATABASE_NEWER') outdate(schemaOutdated())
        else fail(error)
        break
      }
      case 'answer':
        calls.settle(message.number, message.outcome)
        send()
        break
      case 'known':
        break
      case 'notification':
        options.onNotification(message.channel, message.payload)
        break
      case 'storage':
        loss.noteStorage(message.state)
        options.onStorage(message.state)
        break
      case 'outdated':
        outdate(schemaOutdated())
        break
      case 'destroyed':
        endDestroying()
        endDestroyed()
        break
      case 'destroy-ended':
        endDestroying(message.error && decodeError(message.error))
        // The leader has ended and answers nothing any more, so nobody may wait for it.
        calls.rejectAll(closed())
        void stop()
        // Also when it could not be deleted: the browser does that as soon as it can.
        options.onDestroyed()
        break
      case 'resigned':
      case 'deposed':
        if (message.leaderId === link.current()?.id) link.lose(message.type === 'resigned')
        break
      default:
        message satisfies never
    }
  }

  const refusalOf = ({ type }: Call): TypystDbError | undefined => {
    // Left, or never there: a late request must not start the worker again.
    if (!hasAttached) return closed()
    if (isOutdated) return schemaOutdated()
    return type === 'flush' && loss.takeLost() ? acknowledgedLost() : undefined
  }

  const call = (request: Call, within?: OpenSession): { readonly number: number; readonly answer: Promise<Answer> } => {
    const refusal = refusalOf(request)
    if (refusal) return { number: 0, answer: Promise.reject(refusal) }
    const added = calls.add(request, within)
    if (!membership.isTakingPart() && !isSuspended) start()
    else if (!link.current()) void link.look()
    else if (link.current()?.state === 'refused') link.attach()
    send()
    return added
  }

  return {
    join() {
      opening ??= createDeferred()
      if (!membership.isTakingPart()) start()
      return opening.promise
    },
    call: (request, within) => call(request, within).answer,
    async begin(kind) {
      const { number, answer } = call({ type: kind })
      await answer
      const leader = link.current()
      if (!leader) throw nobodyAnswers()
      return { number, session: leader.session }
    },
    isLeader: () => link.isOwn(),
    pageLeaving: () => membership.transport()?.toWorker({ type: 'page-leaving' }),
    suspend() {
      isSuspended = true
      standStill()
    },
    resume() {
      isSuspended = false
      if (!membership.isTakingPart() && (hasAttached || opening || destroying)) start()
    },
    async destroy() {
      destroying ??= createDeferred()
      if (!membership.isTakingPart()) start()
      else link.askToDestroy()
      silence.update()
      await destroying.promise
    },
    preload: () => membership.preload(),
    async leave() {
      // What was asked for before is done first, as a database in the page does it.
      await calls.whenEmpty(leaderTimeoutMs)
      opening = undefined
      await stop()
      calls.rejectAll(closed())
    },
  }
}

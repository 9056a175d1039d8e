/** The leader a tab follows: whoever holds the lock of the database, and how far the two are with each other. */
import { encodeError } from '../worker/error-codec.ts'
import { findHolder, isHolder } from '../worker/find-holder.ts'
import { nameOf, wireProtocol } from '../worker/names.ts'
import type { Membership } from './membership.ts'
import type { PendingCalls } from './pending-calls.ts'
import type { TabClientOptions } from './tab-client-types.ts'
import { uncloneable } from './tab-errors.ts'

/** A leader, and the tab's session with it. */
export interface FollowedLeader {
  readonly id: string
  readonly session: string
  /** `refused`: it is there, and does not serve this tab. */
  readonly state: 'greeted' | 'attaching' | 'attached' | 'refused'
}

/** What a link tells. */
export interface LeaderLinkEvents {
  /** A leader to be waited for. */
  readonly onFollowed: () => void
  /** @param isOrderly - The leader gave way by itself. */
  readonly onLost: (isOrderly: boolean) => void
  /** A page that shares with nobody has the database. */
  readonly onOpenInPage: () => void
}

/** The link to at most one leader. */
export interface LeaderLink {
  current(): FollowedLeader | undefined
  /** Whether the tab's own worker leads; `undefined` while nobody does. */
  isOwn(): boolean | undefined
  /** Whether a message belongs to the session. */
  isOf(session: string): boolean
  /** Whether the leader that is followed holds the lock. */
  isLeading(): Promise<boolean>
  /**
   * Turns to whoever holds the lock.
   *
   * @param presumed - The worker that says it does.
   */
  look(presumed?: string): Promise<void>
  /** Turns to a leader, with which a new session begins, unless it is followed already. */
  follow(id: string): void
  attach(): void
  /** Sends the requests that can be sent now. */
  send(): void
  /** Asks for a sign of life. */
  ping(): void
  /** Asks whether the leader still knows this tab. */
  knock(): void
  /** Has the tab's own worker take its place. */
  takeOver(): void
  become(state: FollowedLeader['state']): void
  askToDestroy(): void
  lose(isOrderly: boolean): void
  /** Forgets it, because the tab leaves. */
  clear(): void
}

export function createLeaderLink(
  { location, durability, memoryFallback, migrations, channels }: TabClientOptions,
  membership: Pick<Membership, 'transport' | 'isTakingPart'>,
  calls: Pick<PendingCalls, 'toResume' | 'toSend' | 'answeredBelow' | 'settle'>,
  { onFollowed, onLost, onOpenInPage }: LeaderLinkEvents,
): LeaderLink {
  let leader: FollowedLeader | undefined

  const lose = (isOrderly: boolean): void => {
    if (!leader) return
    leader = undefined
    onLost(isOrderly)
  }
  const follow = (id: string): void => {
    if (leader?.id !== id) {
      lose(false)
      leader = { id, session: crypto.randomUUID(), state: 'greeted' }
      onFollowed()
    }
    // Also when it had the lock, and was not listening yet when it was greeted.
    if (leader.state === 'greeted') membership.transport()?.connect(id)
  }
  const become = (state: FollowedLeader['state']): void => {
    if (leader) leader = { ...leader, state }
  }

  return {
    current: () => leader,
    isOwn: () => leader && leader.id === membership.transport()?.workerId,
    isOf: (session) => session === leader?.session,
    isLeading: async () => leader !== undefined && location.kind === 'indexeddb' && isHolder(location.name, leader.id),
    // What leaders say may be overtaken by what happened since, locks are not.
    async look(presumed) {
      if (location.kind !== 'indexeddb') return
      const holder = await findHolder(location.name, presumed ?? leader?.id)
      if (!membership.isTakingPart()) return
      // The tab's own worker tells by its port when it is ready to lead.
      if (holder.kind === 'worker' && holder.workerId !== membership.transport()?.workerId) follow(holder.workerId)
      else if (holder.kind === 'page' && !leader) onOpenInPage()
      // The answer is looked into.
      else if (holder.kind === 'unknown' && presumed === undefined) membership.transport()?.askWhoLeads()
    },
    follow,
    attach() {
      if (!leader) return
      become('attaching')
      membership.transport()?.post({
        type: 'attach',
        session: leader.session,
        protocol: wireProtocol,
        durability,
        memoryFallback,
        migrations,
        channels: channels(),
        resume: calls.toResume(),
      })
    },
    send() {
      if (leader?.state !== 'attached') return
      const { session } = leader
      const answeredBelow = calls.answeredBelow()
      for (const { number, within, call } of calls.toSend(session)) {
        try {
          membership.transport()?.post({ type: 'call', session, number, answeredBelow, within, call })
        } catch (cause) {
          // Functions and symbols do not cross.
          calls.settle(number, { ok: false, error: encodeError(uncloneable(cause)) })
        }
      }
    },
    ping() {
      if (leader) membership.transport()?.ping(leader.id)
    },
    knock() {
      if (leader) membership.transport()?.post({ type: 'knock', session: leader.session })
    },
    takeOver() {
      if (leader) membership.transport()?.toWorker({ type: 'take-over', leaderId: leader.id })
    },
    become,
    askToDestroy() {
      if (leader) {
        membership.transport()?.post({ type: 'destroy', session: leader.session, name: nameOf(location) })
      }
    },
    lose,
    clear() {
      leader = undefined
    },
  }
}

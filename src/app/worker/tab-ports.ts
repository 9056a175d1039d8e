/** The leader's channels to other tabs, each open for as long as its tab lives. */
import type { Leader } from './leader.ts'
import { clientChannel, clientLock } from './names.ts'
import { readToLeader } from './read-message.ts'

/** The channels of one leader. */
export interface TabPorts {
  /** Connects a tab; again when it comes back. */
  open(clientId: string, leader: Leader, leaderId: string): void
  close(): void
}

export function createTabPorts(): TabPorts {
  const portById = new Map<string, { readonly channel: BroadcastChannel; readonly watch: AbortController }>()

  const closePort = (clientId: string): void => {
    const port = portById.get(clientId)
    portById.delete(clientId)
    port?.watch.abort()
    port?.channel.close()
  }

  return {
    open(clientId, leader, leaderId) {
      const known = portById.get(clientId)
      const channel = known?.channel ?? new BroadcastChannel(clientChannel(clientId))
      if (!known) {
        const watch = new AbortController()
        portById.set(clientId, { channel, watch })
        leader.connect(clientId, (message) => {
          // Of a tab that has left, the leader may hear later than others have something to tell it.
          if (portById.get(clientId)?.channel === channel) channel.postMessage(message)
        })
        channel.onmessage = ({ data }: MessageEvent<unknown>) => {
          const message = readToLeader(data)
          if (!message) return
          leader.receive(clientId, message)
          if (message.type === 'detach') closePort(clientId)
        }
        // The tab holds this lock while it lives, so whoever gets it knows that the tab is gone.
        navigator.locks
          .request(clientLock(clientId), { signal: watch.signal }, () => {
            leader.disconnect(clientId)
            closePort(clientId)
          })
          .catch(() => undefined)
      }
      channel.postMessage({ type: 'welcome', leaderId })
    },
    close() {
      for (const clientId of [...portById.keys()]) closePort(clientId)
    },
  }
}

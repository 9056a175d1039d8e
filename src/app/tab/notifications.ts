/** Who in a tab listens to which channel. */
import { channelName } from '../worker/channel-name.ts'

type ChannelListener = (payload: string) => void
type Listener = (channel: string, payload: string) => void

/** The listeners of one tab. */
export interface Notifications {
  /** Channels somebody listens on, as Postgres reports them. */
  channels(): string[]
  add(channel: string, listener: ChannelListener): void
  /** Removes one listener, or all of a channel; tells whether nobody is left, or was there at all. */
  remove(channel: string, listener: ChannelListener | undefined): boolean
  addGlobal(listener: Listener): void
  removeGlobal(listener: Listener): void
  deliver(channel: string, payload: string): void
}

export function createNotifications(): Notifications {
  const listenersByChannel = new Map<string, Set<ChannelListener>>()
  const global = new Set<Listener>()
  return {
    channels: () => [...listenersByChannel.keys()],
    add(channel, listener) {
      const name = channelName(channel)
      const listeners = listenersByChannel.get(name) ?? new Set()
      listenersByChannel.set(name, listeners.add(listener))
    },
    remove(channel, listener) {
      const name = channelName(channel)
      const listeners = listenersByChannel.get(name)
      if (listener) listeners?.delete(listener)
      if (listener && listeners && listeners.size > 0) return false
      listenersByChannel.delete(name)
      return true
    },
    addGlobal: (listener) => void global.add(listener),
    removeGlobal: (listener) => void global.delete(listener),
    deliver(channel, payload) {
      for (const listener of listenersByChannel.get(channel) ?? []) queueMicrotask(() => listener(payload))
      for (const listener of global) queueMicrotask(() => listener(channel, payload))
    },
  }
}

/** The worker of the tabs suite; it counts the channels it has open, because a leader opens one for each tab. */
import { serveAppDatabase } from '@typyst/db/app/worker'

const openChannels = new Set<BroadcastChannel>()

declare global {
  /** Only in the worker, for `worker.evaluate`. */
  var countOpenChannels: () => number
}

globalThis.BroadcastChannel = new Proxy(BroadcastChannel, {
  construct(Channel, [name]: [string]) {
    const channel = new Channel(name)
    const close = channel.close.bind(channel)
    openChannels.add(channel)
    channel.close = () => {
      openChannels.delete(channel)
      close()
    }
    return channel
  },
})
globalThis.countOpenChannels = () => openChannels.size

serveAppDatabase()

/** The worker of the tabs suite; it counts the channels it has open, because a leader opens one for each tab. */
import { serveAppDatabase } from '@typyst/db/app/worker'

const openChannels = new Set<BroadcastChannel>()

class CountedChannel extends BroadcastChannel {
  constructor(name: string) {
    super(name)
    openChannels.add(this)
  }
  override close(): void {
    openChannels.delete(this)
    super.close()
  }
}

declare global {
  /** Only in the worker, for `worker.evaluate`. */
  var countOpenChannels: () => number
}

globalThis.BroadcastChannel = CountedChannel
globalThis.countOpenChannels = () => openChannels.size

serveAppDatabase()

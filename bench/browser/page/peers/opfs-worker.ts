/** The worker of the OPFS peer: PGlite, and a channel that is told how many bytes it wrote since it was first asked. */
import { PGlite } from '@electric-sql/pglite'
import { worker } from '@electric-sql/pglite/worker'
import { countWrittenBytes } from '../count-written.ts'

const channel = new BroadcastChannel('bench-written')
let written: (() => number) | undefined
channel.onmessage = () => {
  written ??= countWrittenBytes()
  channel.postMessage(written())
}

void worker({ init: ({ dataDir }) => PGlite.create(dataDir ?? 'opfs-ahp://bench') })

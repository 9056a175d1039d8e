/** PGlite on `opfs-ahp://` in a worker, called by messages. */
import { PGlite } from '@electric-sql/pglite'

interface Call {
  readonly id: number
  readonly method: 'query' | 'exec' | 'close'
  readonly args: readonly [text: string, params: unknown[]]
}

const opening = PGlite.create('opfs-ahp://bench')

async function run({ method, args: [text, params] }: Call): Promise<unknown[]> {
  const pglite = await opening
  if (method === 'query') return (await pglite.query(text, params)).rows
  if (method === 'exec') await pglite.exec(text)
  else await pglite.close()
  return []
}

addEventListener('message', ({ data }: MessageEvent<Call>) => {
  run(data).then(
    (rows) => postMessage({ id: data.id, rows }),
    (error: unknown) => postMessage({ id: data.id, error: String(error) }),
  )
})

/** A short storm on the wire; `npm run test:wire` has the long one. */
import { expect, it } from 'vitest'
import { startPostgresServer } from '../support/postgres-server.ts'
import { runStorm } from '../wire/wire-storm.ts'

it('gives every query its own answer or an error, however the wire fails', async () => {
  await using server = await startPostgresServer()
  const { wrong, hung, right, queries } = await runStorm({ server, seed: 18, queries: 1500, restarts: 1 })
  expect([...new Set(wrong)]).toEqual([])
  expect(hung).toBe(0)
  expect(right).toBeGreaterThan(queries / 3)
})

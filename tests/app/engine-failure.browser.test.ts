/** An engine that comes to its end inside of a statement, over IndexedDB. */
import { expect, it } from 'vitest'
import { useTabs } from '../support/test-page.ts'
import { fewOf } from '../support/rounds.ts'

const tabs = useTabs()

it.each(fewOf(['worker', 'page'] as const))(
  'is opened again with everything that was acknowledged, strict and relaxed, engine in the %s',
  async (mode) => {
    const page = await tabs.open()
    for (const durability of ['strict', 'relaxed'] as const) {
      const result = await page.evaluate(
        async ({ mode, durability }) => {
          const { typyst } = window
          const app = typyst.createIn(mode, { dataDir: `idb://failed-${mode}-${durability}`, durability })
          const { collection } = app.schema
          await app.pgClient.exec(
            "create function endless(n int) returns int language plpgsql as $$ begin if n = 1 then perform set_config('max_stack_depth', '7MB', false); end if; return endless(n + 1) + 1; end $$",
          )
          const lost: string[] = []
          const codes = new Set<string | undefined>()
          for (let round = 0; round < 3; round += 1) {
            const outcomes = await Promise.allSettled(
              Array.from({ length: 12 }, async (_, at) => {
                if (at === 6) await app.pgClient.query('select endless(1)')
                const id = `${round}-${at}`
                await app.db.insert(collection).values({ id, name: 'C' })
                return id
              }),
            )
            const rows = new Set((await app.db.select().from(collection)).map(({ id }) => id))
            for (const outcome of outcomes) {
              if (outcome.status === 'fulfilled') {
                if (!rows.has(outcome.value)) lost.push(outcome.value)
              } else codes.add((await typyst.failure(Promise.reject(outcome.reason as Error)))?.code)
            }
          }
          const before = await app.db.$count(collection)
          await app.close()
          const again = typyst.createIn(mode, { dataDir: `idb://failed-${mode}-${durability}` })
          const after = await again.db.$count(again.schema.collection)
          await again.close()
          return { lost, codes: [...codes], isSame: before === after }
        },
        { mode, durability },
      )
      expect(result).toEqual({ lost: [], codes: ['ENGINE_FAILED'], isSame: true })
    }
    await page.close()
  },
)

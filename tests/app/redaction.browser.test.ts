/** The same promises in a page: the error and the console of a tab. */
import { expect, test } from 'vitest'
import { leakIn, secret } from '../support/leaks.ts'
import { modes, useChromiumTabs } from '../support/test-page.ts'

const tabs = useChromiumTabs()

test.each(modes)('no error and no console of a tab holds a value, engine in the %s', async (mode) => {
  const page = await tabs.open()
  const output: string[] = []
  page.on('console', (message) => output.push(message.text()))
  page.on('pageerror', (error) => output.push(String(error.stack)))
  const failures = await page.evaluate(
    async ({ secret, mode }) => {
      const app = window.typyst.createIn(mode, { dataDir: `idb://redaction-${mode}`, debug: true })
      const { collection, entry } = app.schema
      const { sql } = window.typyst.drizzle
      await app.db.insert(collection).values({ id: secret, name: secret })
      const attempts: (() => Promise<unknown>)[] = [
        async () => app.db.insert(collection).values({ id: secret, name: secret }),
        async () => app.db.insert(entry).values({ id: '1', title: secret, collectionId: `${secret}!` }),
        async () => app.db.insert(entry).values({ id: '1', title: `${secret}\0`, collectionId: secret }),
        () => app.pgClient.query('select $1::int', [secret]),
        () => app.pgClient.query(`selec '${secret}'`),
        () => app.db.transaction((tx) => tx.execute(sql`select ${secret}::uuid`)),
        async () => {
          await app.close()
          await app.pgClient.query(`select '${secret}'`)
        },
      ]
      const failures: { code: unknown; text: string }[] = []
      for (const attempt of attempts) {
        const error: unknown = await attempt().catch((cause: unknown) => cause)
        if (!(error instanceof Error)) throw new Error('It did not fail.')
        const cause = error.cause instanceof Error ? error.cause : undefined
        const texts = [error.message, error.stack, JSON.stringify(error), cause?.message, cause?.stack, cause?.name]
        const names = [error, cause ?? {}].flatMap((one) =>
          Object.entries(Object.getOwnPropertyDescriptors(one)).flatMap(([key, { value }]) => [key, String(value)]),
        )
        console.error(error)
        failures.push({ code: 'code' in error && error.code, text: [...texts, ...names].join('\n') })
      }
      return failures
    },
    { secret, mode },
  )
  expect(failures.map(({ code }) => code)).toEqual([
    'UNIQUE_VIOLATION',
    'FOREIGN_KEY_VIOLATION',
    'INVALID_INPUT',
    'INVALID_INPUT',
    'QUERY_FAILED',
    'INVALID_INPUT',
    'CLOSED',
  ])
  expect(failures.map(({ text }) => leakIn(text))).toEqual(failures.map(() => undefined))
  expect(output.join('\n')).toContain('insert into "collection"')
  expect(leakIn(output.join('\n'))).toBeUndefined()
})

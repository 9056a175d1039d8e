/** Texts at the awkward ends, through the repositories, an export and an import. */
import { expect, it } from 'vitest'
import { createAppDatabase } from '../../../src/app/index.ts'

const texts = [
  '\ufeff',
  '\ufeffmark',
  'a\ufeffb',
  '🍲e\u0301',
  '"',
  '\\',
  '{}',
  'null',
  '\r\n\t',
  '\u2028',
  '<b>&amp;',
  '🍲'.repeat(20_000),
]

it('come back as they went in, from the repositories and from an export', async () => {
  await using app = createAppDatabase({ dataDir: 'memory://' })
  await using other = createAppDatabase({ dataDir: 'memory://' })
  const { id: collectionId } = await app.collections.create({ name: 'Recipes' })
  const written = new Map<string, string>()
  for (const content of texts.filter((text) => !text.startsWith('\ufeff')))
    written.set((await app.entries.create({ collectionId, title: 'T', content })).id, content)
  const contents = async (database: typeof app) => {
    const { rows } = await database.entries.list({ limit: 100, columns: ['id', 'content'] })
    return new Map(rows.map(({ id, content }) => [id, content]))
  }
  expect(await contents(app)).toEqual(written)
  await other.transfer.importData(await new Response(await app.transfer.exportData()).blob())
  expect(await contents(other)).toEqual(written)
  expect((await other.collections.list()).rows.map(({ name }) => name)).toEqual(['Recipes'])
})

it('are paged to their end, whatever their titles begin with', async () => {
  await using app = createAppDatabase({ dataDir: 'memory://' })
  const { id: collectionId } = await app.collections.create({ name: 'Recipes' })
  // As raw SQL may have written them: repositories refuse such titles.
  const titles = ['\ufeffa', '\ufeffb', 'a', 'b', '\ufeff\ufeffa']
  await app.db.insert(app.schema.entry).values(titles.map((title, at) => ({ id: `e${at}`, collectionId, title })))
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const page = await app.entries.list({ sort: 'title', limit: 1, ...(cursor !== undefined && { cursor }) })
    seen.push(...page.rows.map(({ title }) => title))
    cursor = page.nextCursor
    expect(seen.length).toBeLessThan(6)
  } while (cursor !== undefined)
  expect([...seen].sort()).toEqual(['\ufeffa', '\ufeffb', 'a', 'b', '\ufeff\ufeffa'].sort())
})

it.each(['NUL\0', '\ud800', 'a\udc00'])('are refused where no database can hold them', async (title) => {
  await using app = createAppDatabase({ dataDir: 'memory://' })
  const { id: collectionId } = await app.collections.create({ name: 'Recipes' })
  await expect(app.entries.create({ collectionId, title })).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  await expect(app.transfer.importEntries([{ id: 'e', title, collectionId }])).rejects.toHaveProperty('code')
  expect(await app.entries.count()).toBe(0)
})

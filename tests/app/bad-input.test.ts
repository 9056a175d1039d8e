/** Odd entries: kept byte for byte, or refused with nothing changed. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAppDatabase } from '../../src/app/create-app-database.ts'
import type { AppDatabase } from '../../src/app/create-app-database.ts'
import { failureOf, secret } from '../support/leaks.ts'

describe.each(['memory', 'a folder'])('an entry in %s', (place) => {
  let folder: string
  let app: AppDatabase
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'typyst-entries-'))
    app = createAppDatabase({ dataDir: place === 'memory' ? 'memory://' : join(folder, 'data') })
    await app.db.insert(app.schema.collection).values({ id: 'c', name: 'Odd' })
  })
  afterAll(async () => {
    await app.destroy()
    await rm(folder, { recursive: true, force: true })
  })
  const insert = (values: { title?: string; content?: string; collectionId?: string }) =>
    app.db
      .insert(app.schema.entry)
      .values({ id: crypto.randomUUID(), title: 'odd', collectionId: 'c', ...values })
      .returning({ title: app.schema.entry.title, content: app.schema.entry.content })

  it.for([
    ['emoji', '👩‍👩‍👧‍👦 🏳️‍🌈 \u{10ffff}'],
    ['control characters', '\u0001\u0007\b\t\n\v\f\r\u001b\u007f\u0085\u2028\ufeff'],
    ['quotes and backslashes', `'; drop table "entry"; -- \\ \\\\ $1 $$ %s`],
    ['nothing', ''],
    ['20 MB', 'Ä note. '.repeat(2_330_169)],
  ] as const)('keeps %s', async ([, content]) => {
    const [row] = await insert({ title: content.slice(0, 100), content })
    // Compared outside of the matcher, which would print twenty megabytes.
    expect(row && row.content === content && row.title === content.slice(0, 100)).toBe(true)
  })

  const noTitle = null as unknown as string // What JavaScript lets a caller pass.
  it.for([
    ['a NUL character', 'INVALID_INPUT', { content: `${secret}\0` }],
    ['a collection that is missing', 'FOREIGN_KEY_VIOLATION', { content: secret, collectionId: secret }],
    ['no title', 'NOT_NULL_VIOLATION', { content: secret, title: noTitle }],
  ] as const)('refuses %s and stays usable', async ([, code, values]) => {
    const before = await app.db.$count(app.schema.entry)
    expect(await failureOf(async () => insert(values))).toMatchObject({ code })
    expect(await app.db.$count(app.schema.entry)).toBe(before)
  })
})

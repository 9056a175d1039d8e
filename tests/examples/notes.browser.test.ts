/** The notes example, walked through in a real browser against its real server, on real documents. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium } from '../support/chromium.ts'
import { collectReadmes } from './collect-readmes.ts'
import {
  addCollection,
  exportNotes,
  importSummary,
  noteInList,
  openNote,
  openNotes,
  signUp,
  trySignIn,
} from './notes-page.ts'
import type { ExportedNote } from './notes-page.ts'
import { startNotesServer } from './notes-server.ts'
import type { NotesServer } from './notes-server.ts'

let folder: string
let server: NotesServer

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'typyst-notes-'))
  server = await startNotesServer(join(folder, 'data'))
})

afterAll(async () => {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

const bytesOf = (notes: ReadonlyMap<string, ExportedNote>) =>
  new Map([...notes].map(([title, { content }]) => [title, Buffer.from(content ?? '')]))

test('signs up, signs out, refuses a wrong password, and signs in', async () => {
  await using browser = await launchChromium()
  const page = await browser.context.newPage()
  await openNotes(page, server.url)
  await signUp(page, 'ada@example.com', 'correct horse battery')
  await page.getByText('Ada Lovelace').waitFor()

  await page.getByRole('button', { name: 'Sign out' }).click()
  await trySignIn(page, 'ada@example.com', 'wrong horse battery')
  await page.getByText('The e-mail or the password is wrong. Check both and try again.').waitFor()

  await trySignIn(page, 'ada@example.com', 'correct horse battery')
  await page.getByText('Ada Lovelace').waitFor()
})

test('keeps every README byte for byte: imported, reloaded, opened, and edited next to it', async () => {
  const readmes = await collectReadmes(join(folder, 'readmes'))
  expect(readmes.size).toBeGreaterThan(200)
  await using browser = await launchChromium()
  const page = await browser.context.newPage()
  await openNotes(page, server.url)
  await addCollection(page, 'Documents')

  await page.locator('#pick-folder').setInputFiles(join(folder, 'readmes'))
  await page.getByRole('progressbar').waitFor()
  const total = readmes.size.toLocaleString('en')
  expect(await importSummary(page)).toContain(`Imported ${total} of ${total} files`)

  await page.reload()
  await noteInList(page, 'readmes/marked/README').waitFor()
  const imported = await exportNotes(page)
  expect(bytesOf(imported)).toEqual(readmes)

  const withCrLf = [...readmes].filter(([, bytes]) => bytes.includes('\r\n')).map(([title]) => title)
  expect(withCrLf.length).toBeGreaterThan(0)
  for (const title of [...withCrLf, ...[...readmes.keys()].slice(0, 10)]) await openNote(page, title)
  // The times too: a note that was only looked at was not written.
  expect(await exportNotes(page)).toEqual(imported)

  const [edited = ''] = withCrLf
  await openNote(page, edited)
  await page.getByLabel('Text of the note').press('Control+Home')
  await page.keyboard.type('First line')
  await page.keyboard.press('Enter')
  // At once, so that the page has no time to save by itself.
  await page.reload()
  await noteInList(page, edited).waitFor()
  const expected = new Map(readmes)
  expected.set(edited, Buffer.concat([Buffer.from('First line\r\n'), readmes.get(edited) ?? Buffer.of()]))
  expect(bytesOf(await exportNotes(page))).toEqual(expected)
})

test('imports the good files and names each bad one', async () => {
  await using browser = await launchChromium()
  const page = await browser.context.newPage()
  await openNotes(page, server.url)
  await addCollection(page, 'Mixed')
  const texts = {
    'bom.md': '\uFEFF# With a byte order mark\n',
    'mixed.md': 'one\r\ntwo\nthree\rfour',
    'spaces.markdown': '  trailing  \t\n\n\n',
    'empty.md': '',
    'emoji.md': '👩‍👩‍👧‍👦 \u2028 \u{10FFFF}',
  }
  const files = Object.entries({
    ...texts,
    'latin1.md': Buffer.from('Caf\u00e9', 'latin1'),
    'nul.md': 'a\0b',
    'photo.png': 'png',
  }).map(([name, content]) => ({ name, mimeType: 'text/markdown', buffer: Buffer.from(content) }))
  await page.locator('#pick-files').setInputFiles(files)

  const summary = await importSummary(page)
  expect(summary).toContain('Imported 5 of 8 files')
  expect(summary).toContain('latin1.md The file is not UTF-8 text.')
  expect(summary).toContain('nul.md The file holds a NUL character')
  expect(summary).toContain('photo.png This is not a Markdown file.')
  const contents = [...(await exportNotes(page))].map(([title, { content }]) => [title, content])
  const expected = Object.entries(texts).map(([name, text]) => [name.replace(/\.\w+$/, ''), text])
  expect(Object.fromEntries(contents)).toEqual(Object.fromEntries(expected))
})

test('imports what is dropped: files, and folders with everything in them', async () => {
  const dropped = join(folder, 'dropped')
  const readmes = await collectReadmes(dropped)
  await using browser = await launchChromium()
  const page = await browser.context.newPage()
  await openNotes(page, server.url)

  // Through the browser's own input, as a file manager would: a DataTransfer made by a script holds no folders.
  const devtools = await page.context().newCDPSession(page)
  const data = { items: [], files: [dropped], dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await devtools.send('Input.dispatchDragEvent', { type, x: 600, y: 400, data })
  }
  expect(await importSummary(page)).toContain(`Imported ${readmes.size} of ${readmes.size} files`)
  expect(bytesOf(await exportNotes(page))).toEqual(readmes)

  const transfer = await page.evaluateHandle(() => {
    const made = new DataTransfer()
    made.items.add(new File(['# Dropped\r\n'], 'single.md'))
    return made
  })
  await page.locator('body').dispatchEvent('drop', { dataTransfer: transfer })
  expect(await importSummary(page)).toContain('Imported 1 of 1 file')
  expect((await exportNotes(page)).get('single')?.content).toBe('# Dropped\r\n')
})

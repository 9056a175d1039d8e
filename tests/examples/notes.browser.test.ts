/** The notes example, walked through in a real browser against its real server, on real documents. */
import { mkdtemp, rm } from 'node:fs/promises'
import type { RequestOptions } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium } from '../support/browsers/chromium.ts'
import { collectReadmes } from './collect-readmes.ts'
import { getRaw } from './get-raw.ts'
import {
  addCollection,
  collectionInList,
  exportNotes,
  importSummary,
  noteInList,
  openNote,
  openNotes,
  signOut,
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

test('serves the page and nothing else, with headers that forbid what it does not need', async () => {
  const get = (path: string, options?: RequestOptions) => getRaw(server.port, path, options)
  const { body, headers } = await get('/')
  expect(headers['content-type']).toBe('text/html; charset=utf-8')
  expect(headers['content-security-policy']).toContain("script-src 'self' 'wasm-unsafe-eval';")
  expect(headers['x-content-type-options']).toBe('nosniff')
  const [script = ''] = /\/assets\/[^"]+\.js/.exec(body) ?? []
  expect((await get(script)).headers['content-type']).toBe('text/javascript; charset=utf-8')

  const outside = ['/../../../package.json', '/%2e%2e/package.json', '/..%2f..%2fpackage.json', '/secret', '/main.ts']
  for (const path of outside) expect((await get(path)).status, path).toBe(404)
  expect((await get('//example.com/')).status).toBe(400)
  expect((await get('/', { method: 'POST' })).status).toBe(405)
  const elsewhere = await get('/here', { headers: { host: 'example.com' } })
  expect(elsewhere).toMatchObject({ status: 308, headers: { location: `${server.url}/here` } })
})

test('signs up, signs out, refuses a wrong password, and signs in', async () => {
  await using browser = await launchChromium()
  const page = await browser.context.newPage()
  await page.goto(server.url)
  await signUp(page, 'ada@example.com', 'correct horse battery')
  await page.getByText('Ada Lovelace').waitFor()

  await page.getByRole('button', { name: 'Sign out' }).click()
  await trySignIn(page, 'ada@example.com', 'wrong horse battery')
  await page.getByText('The e-mail or the password is wrong. Check both and try again.').waitFor()

  await trySignIn(page, 'ada@example.com', 'correct horse battery')
  await page.getByText('Ada Lovelace').waitFor()
})

test(
  'keeps hundreds of READMEs byte for byte: imported, reloaded, opened, and edited next to it',
  { tags: 'long' },
  async () => {
    let seen = 0
    // Every other one is enough to import, and those with line ends that a text field would change.
    const isWanted = (title: string, bytes: Buffer) =>
      (seen += 1) % 2 === 0 || title === 'readmes/marked/README' || bytes.includes('\r\n')
    const readmes = await collectReadmes(join(folder, 'readmes'), isWanted)
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
  },
)

test('gives notes to who signs up, hides them when they sign out, and from the next account', async () => {
  await using browser = await launchChromium()
  const page = await browser.context.newPage()
  await openNotes(page, server.url)
  await addCollection(page, 'Before')
  await page.getByRole('button', { name: 'New note' }).click()
  await noteInList(page, 'Untitled').waitFor()

  await signUp(page, 'first@example.com', 'correct horse battery')
  await expect.poll(async () => (await exportNotes(page)).get('Untitled')?.userId).toEqual(expect.any(String))
  await noteInList(page, 'Untitled').waitFor()
  await page.reload()
  await noteInList(page, 'Untitled').waitFor()

  await signOut(page)
  await collectionInList(page, 'Before').waitFor({ state: 'detached' })
  await addCollection(page, 'Of nobody')
  await signUp(page, 'second@example.com', 'correct horse battery')
  await page.getByText('second@example.com').or(page.getByTitle('second@example.com')).first().waitFor()
  await addCollection(page, 'Of the second')
  expect(await collectionInList(page, 'Of nobody').count()).toBe(1)
  expect(await collectionInList(page, 'Before').count()).toBe(0)
  expect(await exportNotes(page)).toEqual(new Map())

  await signOut(page)
  await collectionInList(page, 'Of the second').waitFor({ state: 'detached' })
  await trySignIn(page, 'first@example.com', 'correct horse battery')
  await collectionInList(page, 'Before').waitFor()
  expect(await collectionInList(page, 'Of nobody').count()).toBe(0)
  expect([...(await exportNotes(page)).keys()]).toEqual(['Untitled'])
})

test('keeps writing while the server is down, and session and notes over its restart', { tags: 'long' }, async () => {
  await using browser = await launchChromium()
  const page = await browser.context.newPage()
  await openNotes(page, server.url)
  await signUp(page, 'grace@example.com', 'correct horse battery')
  await addCollection(page, 'Diary')

  expect(await server.stop()).toBe(0)
  await page.getByRole('button', { name: 'New note' }).click()
  await expect
    .poll(() => page.getByLabel('Title of the note').evaluate((input) => input === document.activeElement))
    .toBe(true)
  await page.getByLabel('Text of the note').click()
  await page.keyboard.type('Written offline')
  await page.getByText('Saved', { exact: true }).waitFor()

  server = await startNotesServer(join(folder, 'data'), server.port)
  await openNotes(page, server.url)
  await page.getByRole('button', { name: 'Sign out' }).waitFor()
  await noteInList(page, 'Untitled').waitFor()
  const note = (await exportNotes(page)).get('Untitled')
  expect(note?.content).toBe('Written offline')
  expect(note?.userId).toEqual(expect.any(String))
})

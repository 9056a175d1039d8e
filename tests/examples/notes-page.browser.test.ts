/** The page of the notes example: imports, keys, renaming, deleting, a second window. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium } from '../support/browsers/chromium.ts'
import { addCollection, exportNotes, importSummary, openNote, openNotes } from './notes-page.ts'
import type { ExportedNote } from './notes-page.ts'
import { startNotesServer } from './notes-server.ts'
import type { NotesServer } from './notes-server.ts'

let folder: string
let server: NotesServer

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'typyst-notes-page-'))
  server = await startNotesServer(join(folder, 'data'))
})

afterAll(async () => {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

const contentsOf = (notes: ReadonlyMap<string, ExportedNote>) =>
  Object.fromEntries([...notes].map(([title, { content }]) => [title, content]))

test('imports the good files and names each bad one', { tags: 'long' }, async () => {
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
  const expected = Object.entries(texts).map(([name, text]) => [name.replace(/\.\w+$/, ''), text])
  expect(contentsOf(await exportNotes(page))).toEqual(Object.fromEntries(expected))
})

test('imports what is dropped: files, and folders with everything in them', async () => {
  const dropped = join(folder, 'dropped')
  // More than 100 in one folder: that is how many a browser hands out at a time.
  const files = new Map(Array.from({ length: 120 }, (_, n) => [`many/${n}.md`, `# Note ${n}\r\n`]))
  files.set('deep/er/last.MARKDOWN', 'no final newline')
  for (const [path, text] of [...files, ['deep/picture.png', 'not a note'] as const]) {
    await mkdir(dirname(join(dropped, path)), { recursive: true })
    await writeFile(join(dropped, path), text)
  }
  await using browser = await launchChromium()
  const page = await browser.context.newPage()
  await openNotes(page, server.url)

  // Through the browser's own input, as a file manager would: a DataTransfer made by a script holds no folders.
  const devtools = await page.context().newCDPSession(page)
  const data = { items: [], files: [dropped], dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await devtools.send('Input.dispatchDragEvent', { type, x: 600, y: 400, data })
  }
  expect(await importSummary(page)).toContain(`Imported ${files.size} of ${files.size} files`)
  const expected = [...files].map(([path, text]) => [`dropped/${path.replace(/\.\w+$/, '')}`, text])
  expect(contentsOf(await exportNotes(page))).toEqual(Object.fromEntries(expected))

  const transfer = await page.evaluateHandle(() => {
    const made = new DataTransfer()
    made.items.add(new File(['# Dropped\r\n'], 'single.md'))
    return made
  })
  await page.locator('body').dispatchEvent('drop', { dataTransfer: transfer })
  expect(await importSummary(page)).toContain('Imported 1 of 1 file')
  expect((await exportNotes(page)).get('single')?.content).toBe('# Dropped\r\n')
})

test('adds, writes, renames and deletes with the keyboard alone', { tags: 'long' }, async () => {
  await using browser = await launchChromium()
  const page = await browser.context.newPage()
  await openNotes(page, server.url)
  await addCollection(page, 'Errands')
  const focused = () =>
    page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent)
  const tabTo = async (name: string, key: string) => {
    for (let presses = 0; presses < 20 && (await focused()) !== name; presses += 1) await page.keyboard.press(key)
    expect(await focused()).toBe(name)
  }
  const addNote = async (title: string, text: string, key = 'Tab') => {
    await tabTo('New note', key)
    await page.keyboard.press('Enter')
    await expect.poll(focused).toBe('Title of the note')
    await page.keyboard.type(title)
    await page.keyboard.press('Enter')
    await expect.poll(focused).toBe('Text of the note')
    await page.keyboard.type(text)
    await page.keyboard.press('Escape')
    await expect.poll(focused).toBe(title)
  }
  await addNote('Shopping', '- bread\n')
  await addNote('Post office', 'before six', 'Shift+Tab')

  await page.keyboard.press('ArrowDown')
  expect(await focused()).toBe('Shopping')
  await page.keyboard.press('F2')
  await expect.poll(focused).toBe('Title of the note')
  await page.keyboard.type('Groceries')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Escape')
  await expect.poll(focused).toBe('Groceries')

  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Delete')
  await expect.poll(focused).toBe('Cancel')
  await page.keyboard.press('Escape')
  expect(await focused()).toBe('Post office')
  await page.keyboard.press('Delete')
  await expect.poll(focused).toBe('Cancel')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await expect.poll(focused).toBe('Groceries')

  expect(contentsOf(await exportNotes(page))).toEqual({ Groceries: '- bread\n- ' })
})

test('renames a collection and deletes it with its notes, after asking', { tags: 'long' }, async () => {
  await using browser = await launchChromium()
  const page = await browser.context.newPage()
  await openNotes(page, server.url)
  await addCollection(page, 'Old')
  await page.getByRole('button', { name: 'New note' }).click()
  await page.getByLabel('Title of the note').waitFor()
  const collection = (name: string) => page.getByRole('navigation').getByRole('button', { name: `${name} 1` })

  await page.getByLabel('Name of the collection').fill('New')
  await page.keyboard.press('Enter')
  await collection('New').waitFor()
  await page.getByRole('button', { name: 'Delete the collection' }).click()
  await page.getByText('Its one note is deleted with it.').waitFor()
  await page.getByRole('button', { name: 'Cancel' }).click()
  expect((await exportNotes(page)).size).toBe(1)

  await page.getByRole('button', { name: 'Delete the collection' }).click()
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await page.getByText('No collections yet.').waitFor()
  expect((await exportNotes(page)).size).toBe(0)
})

test('shows each window what the other one writes, also after the first is closed', async () => {
  await using browser = await launchChromium()
  const first = await browser.context.newPage()
  await openNotes(first, server.url)
  await addCollection(first, 'Shared')
  const second = await browser.context.newPage()
  await openNotes(second, server.url)
  await first.getByRole('button', { name: 'New note' }).click()
  await first.locator('#note-title:focus').fill('From the first window')
  await first.keyboard.press('Enter')
  await first.locator('.cm-content:focus').pressSequentially('Some text')

  await openNote(second, 'From the first window')
  const text = second.getByLabel('Text of the note')
  await expect.poll(() => text.innerText()).toBe('Some text')
  await first.keyboard.type(', and more of it')
  await expect.poll(() => text.innerText()).toBe('Some text, and more of it')
  await text.click()
  await second.keyboard.press('End')
  await text.pressSequentially('.')
  await expect.poll(() => first.getByLabel('Text of the note').innerText()).toBe('Some text, and more of it.')

  await first.close()
  await addCollection(second, 'Alone')
  const collections = () => second.locator('#collection-list').innerText()
  await expect.poll(collections).toContain('Alone')
  await openNotes(second, server.url)
  await expect.poll(collections).toContain('Alone')
})

test('previews Markdown without running what is in it', async () => {
  await using browser = await launchChromium()
  const page = await browser.context.newPage()
  await openNotes(page, server.url)
  await addCollection(page, 'Odd')
  const text = [
    '# A **bold** title',
    '<script>document.title = "taken over"</script><img src="data:," onerror="document.title = `taken over`">',
    '[a](javascript:alert(1)) [b](./other.md) [c](https://example.com/)',
    '<form action="https://example.com/"><button>Send</button></form><style>body { display: none }</style>',
  ].join('\n\n')
  const file = { name: 'odd.md', mimeType: 'text/markdown', buffer: Buffer.from(text) }
  await page.locator('#pick-files').setInputFiles(file)
  await importSummary(page)
  await openNote(page, 'odd')
  await page.getByRole('button', { name: 'Preview' }).click()

  const preview = page.getByRole('article', { name: 'Preview' })
  await preview.getByRole('heading', { name: 'A bold title' }).waitFor()
  expect(await preview.locator('script, style, form, button, [onerror]').count()).toBe(0)
  const links = await preview.locator('a[href]').evaluateAll((all) => all.map((link) => link.outerHTML))
  expect(links).toEqual(['<a href="https://example.com/" target="_blank" rel="noopener noreferrer">c</a>'])
  expect(await page.title()).toBe('Notes')
})

/** What a person does on the page of the notes example, for the tests to do. */
import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'

/** A note as the page's "Export all notes" writes it. */
export interface ExportedNote {
  readonly id: string
  readonly title: string
  readonly content: string | null
  readonly userId: string | null
  readonly updatedAt: string
}

/** Opens the page and waits until the notes are there. */
export async function openNotes(page: Page, url: string): Promise<void> {
  await page.goto(url)
  await page.getByRole('heading', { name: 'Collections' }).waitFor()
}

export async function signUp(page: Page, email: string, password: string): Promise<void> {
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('button', { name: 'Create an account' }).click()
  await page.getByLabel('Name', { exact: true }).fill('Ada Lovelace')
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign up' }).click()
  await page.getByRole('button', { name: 'Sign out' }).waitFor()
}

export async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('button', { name: 'Sign in' }).waitFor()
}

/** Fills in the form and sends it; whether that works is for the test to see. */
export async function trySignIn(page: Page, email: string, password: string): Promise<void> {
  const dialog = page.getByRole('dialog')
  if (!(await dialog.isVisible())) await page.getByRole('button', { name: 'Sign in' }).click()
  await dialog.getByLabel('E-mail').fill(email)
  await dialog.getByLabel('Password').fill(password)
  await dialog.getByRole('button', { name: 'Sign in' }).click()
}

export async function addCollection(page: Page, name: string): Promise<void> {
  await page.getByLabel('New collection').fill(name)
  await page.getByLabel('New collection').press('Enter')
  await page.getByRole('button', { name: 'New note' }).waitFor()
}

/** The collections in the list. */
export const collectionInList = (page: Page, name: string) =>
  page.getByRole('list', { name: 'Collections' }).getByRole('button', { name })

/** Waits for the import to end and gives what its panel then says. */
export async function importSummary(page: Page): Promise<string> {
  const panel = page.locator('#import')
  await panel.getByRole('button', { name: 'Close' }).waitFor()
  const summary = await panel.innerText()
  await panel.getByRole('button', { name: 'Close' }).click()
  return summary
}

export const noteInList = (page: Page, title: string) =>
  page.getByRole('list', { name: 'Notes', exact: true }).getByRole('button', { name: title, exact: true })

/** Opens a note and waits until the editor shows it. */
export async function openNote(page: Page, title: string): Promise<void> {
  await noteInList(page, title).click()
  await page.waitForFunction(
    (wanted) => document.querySelector<HTMLInputElement>('#note-title')?.value === wanted,
    title,
  )
}

/** Every note in the page's database, by title, read back through "Export all notes". */
export async function exportNotes(page: Page): Promise<Map<string, ExportedNote>> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export all notes' }).click(),
  ])
  const file: unknown = JSON.parse(await readFile(await download.path(), 'utf8'))
  if (!isExport(file)) throw new Error('The export is not of the form { collections: [{ entries: [] }] }.')
  return new Map(file.collections.flatMap(({ entries }) => entries.map((note) => [note.title, note])))
}

function isExport(file: unknown): file is { collections: { entries: ExportedNote[] }[] } {
  return typeof file === 'object' && file !== null && 'collections' in file && Array.isArray(file.collections)
}

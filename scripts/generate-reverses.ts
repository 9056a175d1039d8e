/**
 * Writes the reverse of each migration that has none, `NNNN_name.down.sql`, from its two snapshots swapped. Review each:
 * what a migration added by hand has to be undone by hand, and dropped data does not come back.
 */
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { generateDrizzleJson, generateMigration } from 'drizzle-kit/api'

for (const side of ['auth', 'app']) {
  const folder = new URL(`../migrations/${side}/`, import.meta.url)
  const readJson = async (path: string): Promise<unknown> => JSON.parse(await readFile(new URL(path, folder), 'utf8'))
  const { entries } = (await readJson('meta/_journal.json')) as { entries: { idx: number; tag: string }[] }
  for (const { idx, tag } of entries) {
    const file = new URL(`${tag}.down.sql`, folder)
    if (existsSync(file)) continue
    const snapshotAt = (index: number): Promise<unknown> =>
      index < 0
        ? Promise.resolve(generateDrizzleJson({}))
        : readJson(`meta/${String(index).padStart(4, '0')}_snapshot.json`)
    const statements = await generateMigration(await snapshotAt(idx), await snapshotAt(idx - 1))
    await writeFile(file, `${statements.join('\n--> statement-breakpoint\n')}\n`)
    console.log(`Wrote migrations/${side}/${tag}.down.sql: review it.`)
  }
}

/** Erased means erased: the files of a database after rows were removed, read byte by byte. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { createAppDatabase } from '../../../src/app/index.ts'
import type { AppDatabase } from '../../../src/app/index.ts'

/** Random letters: nothing else in a database looks like them, and they do not compress. */
const letters = (length: number) => randomBytes(length).toString('base64url').slice(0, length).toLowerCase()

/** Eight letters in a row survive Postgres' compression wherever it puts its marks, so each eight are looked for. */
const piecesOf = (marker: string) => Array.from({ length: marker.length - 7 }, (_, at) => marker.slice(at, at + 8))

async function filesHolding(folder: string, markers: readonly string[]): Promise<string[]> {
  const pieces = markers.flatMap(piecesOf)
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const holding: string[] = []
  for (const entry of entries.filter((entry) => entry.isFile())) {
    const path = join(entry.parentPath, entry.name)
    const bytes = await readFile(path)
    if (pieces.some((piece) => path.includes(piece) || bytes.includes(piece))) holding.push(path)
  }
  return holding
}

const parent = await mkdtemp(join(tmpdir(), 'typyst-erase-'))
const folder = join(parent, 'data')
const open = () => createAppDatabase({ dataDir: folder })
let app = open()
afterAll(async () => {
  await app.close()
  await rm(parent, { recursive: true, force: true })
})

/** Rows that leave traces everywhere: old versions, values beside the table, compressed ones, words, samples. */
async function write(app: AppDatabase, userId: string | null, marker: string) {
  const { collections, entries, settings } = app.forUser(userId)
  for (const [at, content] of [marker, `${letters(30_000)} ${marker}`, `${marker} `.repeat(2_000), ''].entries()) {
    const { id } = await collections.create({ name: marker, description: `${marker} ${at}`, icon: marker })
    await settings.upsert(id, { viewMode: marker })
    const entry = await entries.create({ title: marker, content, collectionId: id })
    await entries.update(entry.id, { content: `${content}, again` })
    await entries.trash((await entries.create({ title: marker, content, collectionId: id })).id)
    await entries.delete((await entries.create({ title: `${marker} deleted`, content, collectionId: id })).id)
  }
  await app.search(marker)
  await app.pgClient.exec('analyze')
  await collections.create({ name: `${marker} that was never indexed` })
}

it.each(['another has rows', 'nobody has rows'])('leaves no byte of a removed user when %s', async (others) => {
  const [gone, user, kept] = [letters(24), letters(24), letters(24)]
  await write(app, user, gone)
  if (others === 'another has rows') await write(app, 'bob', kept)
  await app.flush()
  expect(await filesHolding(folder, [gone, user])).not.toEqual([])
  await app.remove({ of: user })
  expect(await filesHolding(folder, [gone, user])).toEqual([])
  await app.close()
  expect(await filesHolding(folder, [gone, user])).toEqual([])
  app = open()
  const left = others === 'another has rows' ? 4 : 0
  expect((await app.search(kept)).results).toHaveLength(left)
  expect(await app.entries.count()).toBe(left)
  expect(await filesHolding(folder, [gone, user])).toEqual([])
  await app.remove({ of: 'bob' })
  expect(await filesHolding(folder, [kept])).toEqual([])
})

it('leaves no byte of whose the rows were that a user released', async () => {
  const [text, user] = [letters(24), letters(24)]
  await write(app, user, text)
  await app.release({ of: user })
  expect(await filesHolding(folder, [user])).toEqual([])
  expect(await app.forUser(null).entries.count()).toBe(4)
  await app.db.delete(app.schema.collection)
})

it('leaves no byte in what an app made of its own beside the tables', async () => {
  const gone = letters(24)
  await app.pgClient.exec(`
    create schema "of the App";
    create table "of the App".copies (id text primary key, words text, kind text);
    create unlogged table drafts (words text);
    create table parts (id text, words text) partition by hash (id);
    create table parts_0 partition of parts for values with (modulus 1, remainder 0);
    create table parent (words text); create table child () inherits (parent);
    create statistics pairs (mcv) on title, content from entry;
    create index upper_titles on entry (upper(title));
    create materialized view titles as select title from entry;
    create index on titles (title);
    create materialized view "of the App".later as select title from entry with no data;
    create temporary table passing (words text);
    create function copy() returns trigger language plpgsql as $$ begin
      if tg_op = 'DELETE' then
        delete from "of the App".copies where id = old.id; delete from parts where id = old.id;
        delete from drafts; delete from child;
        return old;
      end if;
      insert into "of the App".copies values (new.id, new.title, 'note');
      insert into parts values (new.id, new.title); insert into drafts values (new.title);
      insert into child values (new.title); return new;
    end $$;
    create trigger copy after insert or delete on entry for each row execute function copy()`)
  await write(app, 'ada', gone)
  await app.pgClient.exec(`
    refresh materialized view titles;
    insert into passing select title from entry; analyze passing; truncate passing;
    analyze;
    alter table entry alter column title set statistics 0;
    alter table "of the App".copies alter column words set statistics 0;
    insert into "of the App".copies values ('kept', 'kept', 'kept')`)
  expect(await filesHolding(folder, [gone])).not.toEqual([])
  await app.remove({ of: 'ada' })
  expect(await filesHolding(folder, [gone])).toEqual([])
  const { rows } = await app.pgClient.query<{ n: number }>('select count(*)::int as n from "of the App".copies')
  expect(rows).toEqual([{ n: 1 }])
})

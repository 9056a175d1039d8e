import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createAuthDatabase } from '../../src/auth/index.ts'
import { lockFolder } from '../../src/pglite/folder-lock.ts'
import { source, startChild } from '../support/child.ts'

/** The path of a folder that does not exist, in one that does and is deleted after the test. */
async function freshFolder(): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'typyst-lock-'))
  onTestFinished(() => rm(parent, { recursive: true, force: true }))
  return join(parent, 'data')
}

/** The id of a process that has ended. */
async function deadPid(): Promise<number | undefined> {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  return child.pid
}

it('keeps a second taker out at once, however the folder is written, and lets it in afterwards', async () => {
  const folder = await freshFolder()
  const unlock = await lockFolder(folder)
  for (const spelling of [folder, `${folder}/`, join(folder, '..', 'data', '.'), relative('', folder)]) {
    await expect(lockFolder(spelling)).rejects.toMatchObject({ code: 'DATABASE_IN_USE' })
  }
  await unlock()
  const unlockAgain = await lockFolder(folder)
  await unlockAgain()
  expect(await readdir(join(folder, '..'))).toEqual([])
})

it('leaves the lock of the next holder alone when an old one lets go twice', async () => {
  const folder = await freshFolder()
  const unlockFirst = await lockFolder(folder)
  await unlockFirst()
  const unlockSecond = await lockFolder(folder)
  await unlockFirst()
  await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'DATABASE_IN_USE' })
  await unlockSecond()
})

it.for([
  ['of a process that is gone', async () => JSON.stringify({ pid: await deadPid(), startedAt: '1', token: 'old' })],
  [
    'whose process id belongs to another process by now',
    async () => Promise.resolve(JSON.stringify({ pid: process.pid, startedAt: '1', token: 'old' })),
  ],
  ['that is empty', async () => Promise.resolve('')],
  ['that is cut short', async () => Promise.resolve('{"pid":1,"star')],
  ['that is garbage', async () => Promise.resolve('\0\0\0\0')],
  ['that is another kind of JSON', async () => Promise.resolve('[1, 2]')],
  [
    'whose token is a path',
    async () => Promise.resolve(JSON.stringify({ pid: await deadPid(), startedAt: '1', token: '../../etc' })),
  ],
  ['that is JSON of no holder', async () => Promise.resolve('{"pid":1}')],
] as const)('takes over a lock %s', async ([, content]) => {
  const folder = await freshFolder()
  await writeFile(`${folder}.lock`, await content())
  const unlock = await lockFolder(folder)
  expect(JSON.parse(await readFile(`${folder}.lock`, 'utf8'))).toMatchObject({ pid: process.pid })
  await unlock()
  expect(await readdir(join(folder, '..'))).toEqual([])
})

it('takes over from a process that ended in the middle of taking over', async () => {
  const folder = await freshFolder()
  const pid = await deadPid()
  await writeFile(`${folder}.lock`, JSON.stringify({ pid, startedAt: '1', token: 'first' }))
  await writeFile(`${folder}.lock.first`, JSON.stringify({ pid, startedAt: '1', token: 'second' }))
  const takers = await Promise.allSettled([lockFolder(folder), lockFolder(folder), lockFolder(folder)])
  const winners = takers.filter((taker) => taker.status === 'fulfilled')
  expect(winners).toHaveLength(1)
  await winners[0]?.value()
  expect(await readdir(join(folder, '..'))).toEqual([])
})

it('lets exactly one of many simultaneous takers have a stale lock, round after round', async () => {
  const folder = await freshFolder()
  for (let round = 0; round < 100; round++) {
    await writeFile(`${folder}.lock`, JSON.stringify({ pid: process.pid, startedAt: '1', token: `old-${round}` }))
    const takers = await Promise.allSettled(Array.from({ length: 4 }, () => lockFolder(folder)))
    const winners = takers.filter((taker) => taker.status === 'fulfilled')
    const losers = takers.filter((taker) => taker.status === 'rejected')
    expect(winners).toHaveLength(1)
    for (const { reason } of losers) expect(reason).toMatchObject({ code: 'DATABASE_IN_USE' })
    await winners[0]?.value()
  }
  expect(await readdir(join(folder, '..'))).toEqual([])
})

it('lets exactly one of two processes have it, round after round', async () => {
  const folder = await freshFolder()
  const script = `
    const { lockFolder } = await import(${JSON.stringify(new URL('../../src/pglite/folder-lock.ts', import.meta.url).href)})
    let unlock
    process.on('message', async (message) => {
      if (message === 'take') {
        try {
          unlock = await lockFolder(${JSON.stringify(folder)})
          process.send('taken')
        } catch (error) {
          process.send(error.code)
        }
      } else {
        await unlock?.()
        unlock = undefined
        process.send('free')
      }
    })
    process.send('ready')`
  const children = [0, 1].map(() =>
    spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    }),
  )
  onTestFinished(() => children.forEach((child) => child.kill()))
  const answers = () => Promise.all(children.map(async (child) => ((await once(child, 'message')) as unknown[])[0]))
  const ask = async (question: string): Promise<unknown[]> => {
    const answered = answers()
    for (const child of children) child.send(question)
    return (await answered).sort()
  }
  expect(await answers()).toEqual(['ready', 'ready'])
  for (let round = 0; round < 100; round++) {
    await writeFile(`${folder}.lock`, JSON.stringify({ pid: process.pid, startedAt: '1', token: `old-${round}` }))
    expect(await ask('take')).toEqual(['DATABASE_IN_USE', 'taken'])
    expect(await ask('free')).toEqual(['free', 'free'])
  }
})

it('is one lock for all names of a folder that links make', async () => {
  const folder = await freshFolder()
  const parent = join(folder, '..')
  await mkdir(folder)
  await symlink(folder, join(parent, 'link'))
  await symlink(join(parent, 'link'), join(parent, 'link of a link'))
  await mkdir(join(parent, 'real'))
  await symlink(join(parent, 'real'), join(parent, 'linked parent'))
  const unlock = await lockFolder(join(parent, 'link'))
  for (const name of ['data', 'link/', 'link of a link', 'real/../link']) {
    await expect(lockFolder(join(parent, name))).rejects.toMatchObject({ code: 'DATABASE_IN_USE' })
  }
  await unlock()
  const unlockLate = await lockFolder(join(parent, 'linked parent', 'a', 'not there yet'))
  const late = join(parent, 'real', 'a', 'not there yet')
  await expect(lockFolder(late)).rejects.toMatchObject({ code: 'DATABASE_IN_USE' })
  await unlockLate()
  await symlink(join(parent, 'nowhere'), join(parent, 'dangling'))
  await expect(lockFolder(join(parent, 'dangling'))).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  await symlink(join(parent, 'loop'), join(parent, 'loop'))
  await expect(lockFolder(join(parent, 'loop'))).rejects.toMatchObject({ code: 'ELOOP' })
  expect((await readdir(parent)).filter((name) => name.includes('.lock'))).toEqual([])
})

it('opens a database by a link to an empty folder, and deletes both', { tags: 'long' }, async () => {
  const folder = await freshFolder()
  const parent = join(folder, '..')
  await mkdir(folder)
  await symlink(folder, join(parent, 'link'))
  await using authDb = createAuthDatabase({ dataDir: join(parent, 'link') })
  await authDb.ready()
  await using other = createAuthDatabase({ dataDir: folder })
  await expect(other.ready()).rejects.toMatchObject({ code: 'DATABASE_IN_USE' })
  for (const [name, target] of [
    ['loop', 'loop'],
    ['to a file', 'file'],
  ] as const) {
    await writeFile(join(parent, 'file'), 'precious')
    await symlink(join(parent, target), join(parent, name))
    await using broken = createAuthDatabase({ dataDir: join(parent, name) })
    await expect(broken.ready()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  }
  expect(await readFile(join(parent, 'file'), 'utf8')).toBe('precious')
})

/** As another container has: ids of processes of its own. */
const unshare = ['--pid', '--fork', '--mount-proc', '--kill-child']
const canUnshare = spawnSync('unshare', [...unshare, 'true']).status === 0

describe.skipIf(!canUnshare)('with a holder in another namespace of process ids (needs the right to unshare)', () => {
  /** Takes the lock there. */
  async function holdElsewhere(folder: string) {
    const script = `
      const { lockFolder } = await import(${JSON.stringify(new URL('../../src/pglite/folder-lock.ts', import.meta.url).href)})
      const lock = await lockFolder(${JSON.stringify(folder)}).catch((error) => ({ code: error.code }))
      process.on('message', async () => process.send(lock.isHeld()))
      process.send(lock.code ?? 'taken')`
    const args = [...unshare, process.execPath, '--import', 'tsx', '--input-type=module', '-e', script]
    const child = spawn('unshare', args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    const answer = async () => ((await once(child, 'message')) as unknown[])[0]
    const first = await answer()
    const inner = Number((await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')).trim())
    const ask = () => {
      const answered = answer()
      child.send('?')
      return answered
    }
    return { child, first, inner, ask }
  }
  const lastSign = async (folder: string) =>
    JSON.stringify((await import('node:fs')).statSync(`${folder}.lock`).mtimeMs)
  /** What a lock looks like whose holder has given no sign for a minute. */
  const age = (folder: string) => utimes(`${folder}.lock`, new Date(), new Date(Date.now() - 60_000))

  it('keeps out while that one lives, and is taken over when it is gone', async () => {
    const folder = await freshFolder()
    const { child, first } = await holdElsewhere(folder)
    expect(first).toBe('taken')
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'DATABASE_IN_USE' })
    const before = await lastSign(folder)
    await expect.poll(() => lastSign(folder)).not.toBe(before)
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'DATABASE_IN_USE' })
    await age(folder)
    const unlock = await lockFolder(folder)
    expect((await holdElsewhere(folder)).first).toBe('DATABASE_IN_USE')
    await unlock()
    expect(await readdir(join(folder, '..'))).toEqual([])
  })

  it('is noticed by one that was frozen meanwhile, before it runs anything', { tags: 'long' }, async () => {
    const folder = await freshFolder()
    const { inner, ask, first } = await holdElsewhere(folder)
    expect([first, await ask()]).toEqual(['taken', true])
    process.kill(inner, 'SIGSTOP')
    await age(folder)
    const frozenAt = performance.now()
    const unlock = await lockFolder(folder)
    // Taking over takes fifteen seconds at least, half of which is how long a look at the lock is good for.
    await expect.poll(() => performance.now() - frozenAt, { interval: 500 }).toBeGreaterThan(8_000)
    process.kill(inner, 'SIGCONT')
    expect(await ask()).toBe(false)
    expect(unlock.isHeld()).toBe(true)
    await unlock()
  })
})

it('runs no statement in a folder that was taken over', { tags: 'long' }, async () => {
  const folder = await freshFolder()
  const authDb = createAuthDatabase({ dataDir: folder })
  await authDb.ready()
  const lock = JSON.parse(await readFile(`${folder}.lock`, 'utf8')) as object
  await writeFile(`${folder}.lock`, JSON.stringify({ ...lock, token: 'another', host: 'elsewhere' }))
  const outcome = async () => {
    try {
      await authDb.sql`select 1`
      return 'ran'
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  await expect.poll(outcome, { interval: 500 }).toBe('STORAGE_UNAVAILABLE')
  await authDb.close()
  expect(JSON.parse(await readFile(`${folder}.lock`, 'utf8'))).toMatchObject({ token: 'another' })
})

/** Opens the database of a folder, and says what became of it. */
const opening = (folder: string) => `
  const { createAuthDatabase } = await import(${source('auth/index.ts')})
  const authDb = createAuthDatabase({ dataDir: ${JSON.stringify(folder)}, onNotice: () => undefined })
  const read = async () => {
    await authDb.sql\`create table if not exists kept (id int)\`
    await authDb.sql\`insert into kept values (1)\`
    return (await authDb.sql\`select from kept\`).length
  }
  process.send(await read().catch((error) => error.code))
  setInterval(() => undefined, 1000)`

const openHere = async (folder: string) => {
  await using authDb = createAuthDatabase({ dataDir: folder, onNotice: () => undefined })
  return await authDb.ready().then(
    () => 'opened',
    (error: unknown) => (error as { code: string }).code,
  )
}

/** What a lock looks like whose holder has given no sign for a minute. */
const ageInside = (folder: string) => utimes(join(folder, 'typyst.lock'), new Date(), new Date(Date.now() - 60_000))

describe('a folder that is there before its database', () => {
  it('gets one although a process was killed while it made it', { tags: 'long' }, async () => {
    const folder = await freshFolder()
    await mkdir(join(folder, 'lost+found'), { recursive: true })
    const child = startChild(opening(folder))
    await expect.poll(() => readdir(folder), { interval: 5 }).toContain('typyst.new')
    await child.kill()
    expect(await readdir(folder)).not.toContain('PG_VERSION')
    expect(await openHere(folder)).toBe('opened')
    const names = await readdir(folder)
    expect(names).toEqual(expect.arrayContaining(['PG_VERSION', 'base', 'lost+found']))
    expect(names.filter((name) => name.startsWith('typyst'))).toEqual([])
    // Killed again and again, while what was made is moved to its place.
    const whole = names.filter((name) => name !== 'lost+found').sort()
    for (const moved of [1, whole.length - 1, whole.length]) {
      await mkdir(join(folder, 'typyst.new'))
      const left = [...whole.filter((name) => name !== 'PG_VERSION'), 'PG_VERSION'].slice(moved)
      for (const name of left) await rename(join(folder, name), join(folder, 'typyst.new', name))
      expect(await openHere(folder), String(moved)).toBe('opened')
      expect((await readdir(folder)).filter((name) => name !== 'lost+found').sort()).toEqual(whole)
    }
  })

  it("is left alone when it is somebody else's", async () => {
    const folder = await freshFolder()
    await mkdir(join(folder, 'typyst.new'), { recursive: true })
    await writeFile(join(folder, 'precious'), '')
    expect(await openHere(folder)).toBe('STORAGE_INCOMPATIBLE')
    await rm(join(folder, 'typyst.new'), { recursive: true })
    expect(await openHere(folder)).toBe('STORAGE_INCOMPATIBLE')
    expect(await readdir(folder)).toEqual(['precious'])
  })

  it('may be a copy of one that is open', { tags: 'long' }, async () => {
    const folder = await freshFolder()
    await using authDb = createAuthDatabase({ dataDir: folder, onNotice: () => undefined })
    await authDb.ready()
    expect(await readdir(folder)).toContain('typyst.lock')
    const copy = `${folder} copied`
    await cp(folder, copy, { recursive: true })
    // It may be the same folder, seen through another file system.
    expect(await openHere(copy)).toBe('DATABASE_IN_USE')
    await ageInside(copy)
    expect(await openHere(copy)).toBe('opened')
    expect(await readdir(copy)).not.toContain('typyst.lock')
    await ageInside(folder)
    expect(await openHere(folder)).toBe('DATABASE_IN_USE')
  })
})

const canMount = canUnshare && spawnSync('unshare', ['--mount', 'true']).status === 0

describe.skipIf(!canMount)('a volume that is mounted at the folder itself (needs the right to unshare)', () => {
  /** Opens the database in a mount namespace of its own, and process ids of its own. */
  async function openMounted(volume: string, folder: string) {
    await mkdir(folder, { recursive: true })
    const parent = join(folder, '..')
    // Nothing can be written beside it, as in a container whose image is read-only.
    const mounts = `mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && mount --bind "$2" "$3" && shift 3 && exec "$@"`
    const run = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', opening(folder)]
    const child = spawn('unshare', ['--mount', ...unshare, 'sh', '-c', mounts, 'sh', parent, volume, folder, ...run], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    const [outcome] = (await once(child, 'message')) as unknown[]
    return { child, outcome }
  }

  it('is open in one container at a time, and new in the first', async () => {
    const parent = join(await freshFolder(), '..')
    const volume = join(parent, 'volume')
    await mkdir(join(volume, 'lost+found'), { recursive: true })
    const first = await openMounted(volume, join(parent, 'one', 'data'))
    expect(first.outcome).toBe(1)
    expect((await openMounted(volume, join(parent, 'two', 'data'))).outcome).toBe('DATABASE_IN_USE')
    expect(await openHere(volume)).toBe('DATABASE_IN_USE')
    const ended = once(first.child, 'exit')
    first.child.kill('SIGKILL')
    await ended
    await ageInside(volume)
    expect((await openMounted(volume, join(parent, 'three', 'data'))).outcome).toBe(2)
  })
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { lockFolder } from '../../src/pglite/folder-lock.ts'

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

/** Serves a contender in a process of its own, and signs somebody up there. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ContenderName } from './contenders.ts'

/** A running server; disposing it ends its process. */
export interface ServedContender extends AsyncDisposable {
  readonly base: string
  readonly headers: Readonly<Record<string, string>>
  readonly email: string
  /** What the browser of who signed up sends. */
  readonly cookie: string
}

/** The password of everybody who signs up. */
export const password = 'correct horse battery'

/** Starts it on a migrated database. */
export async function serveContender(contender: ContenderName, url: string): Promise<ServedContender> {
  const child = fork(fileURLToPath(new URL('serve.ts', import.meta.url)), [contender, url], {
    execArgv: ['--import', 'tsx'],
  })
  const end = async () => {
    const exited = once(child, 'exit')
    child.disconnect()
    await exited
  }
  try {
    const [{ port }] = (await once(child, 'message')) as [{ port: number }]
    const base = `http://127.0.0.1:${port}/api/auth`
    const headers = { 'content-type': 'application/json', origin: new URL(base).origin }
    const email = `${crypto.randomUUID()}@example.com`
    const body = JSON.stringify({ name: 'Ada', email, password })
    const signedUp = await fetch(`${base}/sign-up/email`, { method: 'POST', headers, body })
    if (!signedUp.ok) throw new Error(`${contender} refuses to sign up: ${signedUp.status} ${await signedUp.text()}`)
    const cookie = signedUp.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ')
    return { base, headers, email, cookie, [Symbol.asyncDispose]: end }
  } catch (cause) {
    await end()
    throw cause
  }
}

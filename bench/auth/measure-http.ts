/** Sign-up, sign-in and session check of one contender over HTTP, by autocannon, each at several concurrencies. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import autocannon from 'autocannon'
import type { ContenderName } from './contenders.ts'

/** What one load came to. */
export interface HttpFigure {
  readonly operation: 'session' | 'sign-in' | 'sign-up'
  readonly concurrency: number
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Responses other than 200, and requests without a response. */
  readonly errors: number
}

const password = 'correct horse battery'
const headers = { 'content-type': 'application/json' }

/** Serves a contender in a process of its own and puts load on it. */
export async function measureHttp(
  contender: ContenderName,
  url: string,
  concurrencies: readonly number[],
  seconds: number,
): Promise<HttpFigure[]> {
  const child = fork(fileURLToPath(new URL('serve.ts', import.meta.url)), [contender, url], {
    execArgv: ['--import', 'tsx'],
  })
  try {
    const [{ port }] = (await once(child, 'message')) as [{ port: number }]
    const base = `http://127.0.0.1:${port}/api/auth`
    const email = `${crypto.randomUUID()}@example.com`
    const body = JSON.stringify({ name: 'Ada', email, password })
    const signedUp = await fetch(`${base}/sign-up/email`, { method: 'POST', headers, body })
    if (!signedUp.ok) throw new Error(`${contender} refuses to sign up: ${signedUp.status} ${await signedUp.text()}`)
    const cookie = signedUp.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ')
    const load = async (operation: HttpFigure['operation'], concurrency: number, request: autocannon.Request) => {
      const run = { url: base, connections: concurrency, duration: seconds, requests: [request] }
      await autocannon({ ...run, duration: 1 })
      const { requests, latency, errors, non2xx } = await autocannon(run)
      return {
        operation,
        concurrency,
        requestsPerSecond: requests.average,
        p50Ms: latency.p50,
        p99Ms: latency.p99,
        errors: errors + non2xx,
      }
    }
    const figures: HttpFigure[] = []
    for (const concurrency of concurrencies) {
      const session = { path: '/api/auth/get-session', headers: { cookie } }
      figures.push(await load('session', concurrency, session))
    }
    const post = { method: 'POST' as const, headers: { ...headers, origin: new URL(base).origin } }
    figures.push(await load('sign-in', 16, { ...post, path: '/api/auth/sign-in/email', body }))
    const setupRequest = (request: autocannon.Request) => ({
      ...request,
      body: JSON.stringify({ name: 'Ada', email: `${crypto.randomUUID()}@example.com`, password }),
    })
    figures.push(await load('sign-up', 16, { ...post, path: '/api/auth/sign-up/email', setupRequest }))
    return figures
  } finally {
    const exited = once(child, 'exit')
    child.disconnect()
    await exited
  }
}

/** Sign-up, sign-in and session check of one contender over HTTP, by autocannon, each at several concurrencies. */
import autocannon from 'autocannon'
import type { ContenderName } from './contenders.ts'
import { password, serveContender } from './serve-contender.ts'

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

/** Serves a contender in a process of its own and puts load on it. */
export async function measureHttp(
  contender: ContenderName,
  url: string,
  concurrencies: readonly number[],
  seconds: number,
): Promise<HttpFigure[]> {
  await using served = await serveContender(contender, url)
  const { base, headers, email, cookie } = served
  const body = JSON.stringify({ email, password })
  const load = async (operation: HttpFigure['operation'], connections: number, run: Partial<autocannon.Options>) => {
    const { latency, errors, duration, ...counts } = await autocannon({ url: base, connections, ...run })
    const answered = counts['2xx']
    return {
      operation,
      concurrency: connections,
      requestsPerSecond: answered / duration,
      p50Ms: latency.p50,
      p99Ms: latency.p99,
      errors: errors + counts.non2xx,
    }
  }
  const figures: HttpFigure[] = []
  for (const concurrency of concurrencies) {
    const session = { path: '/api/auth/get-session', headers: { cookie } }
    await load('session', concurrency, { requests: [session], duration: 1 })
    figures.push(await load('session', concurrency, { requests: [session], duration: seconds }))
  }
  const post = { method: 'POST' as const, headers }
  // Each takes a good part of a second of computing, on purpose: so many of them, and not so many seconds, are measured.
  const some = { amount: 64, timeout: 300 }
  const signIn = { ...post, path: '/api/auth/sign-in/email', body }
  figures.push(await load('sign-in', 16, { ...some, requests: [signIn] }))
  const setupRequest = (request: autocannon.Request) => ({
    ...request,
    body: JSON.stringify({ name: 'Ada', email: `${crypto.randomUUID()}@example.com`, password }),
  })
  const signUp = { ...post, path: '/api/auth/sign-up/email', setupRequest }
  figures.push(await load('sign-up', 16, { ...some, requests: [signUp] }))
  return figures
}

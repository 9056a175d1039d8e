/** A browser as far as Better Auth can tell: requests with an origin, and a cookie jar. */

/** One visitor of the server under test. */
export interface AuthBrowser {
  get(path: string): Promise<Response>
  post(path: string, body: object): Promise<Response>
  /** The session as the server sees it, or null. */
  session(): Promise<unknown>
  /** Walks through the sign-in at a provider, redirect by redirect. */
  signInAt(providerId: string): Promise<void>
}

/** Builds a visitor with an empty cookie jar. */
export function createAuthBrowser(handler: (request: Request) => Promise<Response>, baseURL: string): AuthBrowser {
  const cookies = new Map<string, string>()
  const send = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await handler(
      new Request(url, { ...init, headers: { 'content-type': 'application/json', origin: baseURL, cookie } }),
    )
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (name === undefined || value === undefined) continue
      if (/max-age=0/i.test(line)) cookies.delete(name)
      else cookies.set(name, value)
    }
    return response
  }
  const post = (path: string, body: object) =>
    send(`${baseURL}/api/auth${path}`, { method: 'POST', body: JSON.stringify(body) })
  const get = (path: string) => send(`${baseURL}/api/auth${path}`)
  return {
    get,
    post,
    async session() {
      const answer: unknown = await (await get('/get-session')).json()
      return answer
    },
    async signInAt(providerId) {
      const started = await post('/sign-in/social', { provider: providerId, callbackURL: '/' })
      const { url } = (await started.json()) as { url: string }
      const atProvider = await fetch(url, { redirect: 'manual' })
      await send(atProvider.headers.get('location') ?? '')
    },
  }
}

/** Who is signed in. Notes work without anyone; whose they are is in owner.ts. */
import { createAuthClient } from 'better-auth/client'

export const authClient = createAuthClient()

export interface SignedInUser {
  readonly id: string
  readonly name: string
  readonly email: string
}

/** Calls back with the user, or undefined, now and whenever the server says so; not when it does not answer. */
export function onUserChange(listener: (user: SignedInUser | undefined) => void): void {
  authClient.useSession.subscribe(({ data, isPending, error }) => {
    if (!isPending && (data || !error)) listener(data?.user)
  })
}

export interface Credentials {
  readonly name: string
  readonly email: string
  readonly password: string
}

/** @returns What went wrong as a sentence; undefined when the person is signed in. */
export async function signIn(
  { name, email, password }: Credentials,
  account: 'existing' | 'new',
): Promise<string | undefined> {
  return sentenceOf(
    account === 'new'
      ? authClient.signUp.email({ name, email, password })
      : authClient.signIn.email({ email, password }),
  )
}

/** @returns What went wrong as a sentence; undefined when the person is signed out. */
export const signOut = (): Promise<string | undefined> => sentenceOf(authClient.signOut())

interface AuthAnswer {
  readonly error: { readonly code?: string | undefined; readonly message?: string | undefined } | null
}

const sentences: Readonly<Record<string, string>> = {
  INVALID_EMAIL_OR_PASSWORD: 'The e-mail or the password is wrong. Check both and try again.',
  USER_ALREADY_EXISTS: 'Someone has signed up with this e-mail. Sign in instead.',
  USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL: 'Someone has signed up with this e-mail. Sign in instead.',
  PASSWORD_TOO_SHORT: 'The password is too short. Use at least 8 characters.',
}
const noAnswer = 'The server does not answer. Your notes are safe in this browser; try again when the server runs.'

async function sentenceOf(answer: Promise<AuthAnswer>): Promise<string | undefined> {
  try {
    const { error } = await answer
    if (!error) return undefined
    return sentences[error.code ?? ''] ?? error.message ?? noAnswer
  } catch {
    // fetch() rejects when there was no answer at all.
    return noAnswer
  }
}

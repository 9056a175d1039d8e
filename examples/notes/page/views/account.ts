/** Who is signed in, and the dialog to sign in, sign up and sign out. */
import { onUserChange, signIn, signOut } from '../data/session.ts'
import { byId } from '../dom/by-id.ts'
import { act, showNotice } from '../dom/notice.ts'

export function startAccount(): void {
  const who = byId('account-name', HTMLParagraphElement)
  const signInButton = byId('sign-in', HTMLButtonElement)
  const signOutButton = byId('sign-out', HTMLButtonElement)
  const dialog = byId('account', HTMLDialogElement)
  const form = byId('account-form', HTMLFormElement)
  const title = byId('account-title', HTMLHeadingElement)
  const nameField = byId('account-name-field', HTMLLabelElement)
  const name = byId('account-new-name', HTMLInputElement)
  const email = byId('account-email', HTMLInputElement)
  const password = byId('account-password', HTMLInputElement)
  const problem = byId('account-error', HTMLParagraphElement)
  const submit = byId('account-submit', HTMLButtonElement)
  const other = byId('account-other', HTMLButtonElement)
  let account: 'existing' | 'new' = 'existing'

  const show = (kind: 'existing' | 'new') => {
    account = kind
    const isNew = kind === 'new'
    title.textContent = submit.textContent = isNew ? 'Sign up' : 'Sign in'
    other.textContent = isNew ? 'I have an account' : 'Create an account'
    nameField.hidden = !isNew
    // A required field that is hidden would stop the form without a word.
    name.required = isNew
    password.autocomplete = isNew ? 'new-password' : 'current-password'
    problem.hidden = true
  }

  const send = async () => {
    problem.hidden = true
    submit.disabled = true
    const sentence = await signIn({ name: name.value, email: email.value, password: password.value }, account)
    submit.disabled = false
    if (sentence === undefined) {
      dialog.close()
      return
    }
    problem.textContent = sentence
    problem.hidden = false
    password.select()
  }

  onUserChange((user) => {
    who.textContent = user ? user.name : ''
    who.title = user?.email ?? ''
    signInButton.hidden = user !== undefined
    signOutButton.hidden = user === undefined
  })
  signInButton.addEventListener('click', () => {
    show('existing')
    dialog.showModal()
    email.focus()
  })
  other.addEventListener('click', () => {
    show(account === 'new' ? 'existing' : 'new')
    const first = account === 'new' ? name : email
    first.focus()
  })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    act(send)
  })
  byId('account-cancel', HTMLButtonElement).addEventListener('click', () => dialog.close())
  // A password stays no longer than it is needed.
  dialog.addEventListener('close', () => form.reset())
  signOutButton.addEventListener('click', () => {
    act(async () => {
      const sentence = await signOut()
      if (sentence !== undefined) showNotice(sentence)
    })
  })
}

/** A title that is edited in place: Enter and leaving it keep it, Escape brings the old one back. */

export interface TitleInputActions {
  /** Stores the new title; only called when it differs and is not blank. */
  rename(title: string): void
  /** Enter was pressed: moves the focus to where one goes on. */
  done(): void
}

export interface TitleInput {
  /** Shows the stored title, of another thing too. */
  show(title: string): void
  /** Ready to type a new title over the old one. */
  edit(): void
}

export function createTitleInput(input: HTMLInputElement, actions: TitleInputActions): TitleInput {
  let stored = ''
  const keep = () => {
    if (input.value === stored) return
    // Something without a name could not be found again.
    if (input.value.trim() === '') input.value = stored
    else actions.rename((stored = input.value))
  }
  input.addEventListener('change', keep)
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') input.value = stored
    if (event.key !== 'Enter') return
    event.preventDefault()
    keep()
    actions.done()
  })
  return {
    show(title) {
      // Nothing new is stored, and someone is typing.
      if (title === stored && document.activeElement === input) return
      stored = title
      input.value = title
    },
    edit() {
      input.focus()
      input.select()
    },
  }
}

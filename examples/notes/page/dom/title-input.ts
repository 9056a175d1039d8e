/** A title that is edited in place: Enter and leaving keep it, Escape brings the old one back. */

/** @param rename - Stores the new title; only called when it differs and is not blank. */
export function createTitleInput(input: HTMLInputElement, rename: (title: string) => void) {
  let stored = ''
  const keep = () => {
    if (input.value === stored) return
    // An entry without a name could not be found again.
    if (input.value.trim() === '') input.value = stored
    else rename((stored = input.value))
  }
  input.addEventListener('change', keep)
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') input.value = stored
    if (event.key === 'Enter' || event.key === 'Escape') {
      keep()
      input.blur()
    }
  })
  return {
    /** Shows the title of another thing. */
    show(title: string): void {
      stored = title
      input.value = title
    },
    /** Ready to type a new title over the old one. */
    edit(): void {
      input.focus()
      input.select()
    },
  }
}

export type TitleInput = ReturnType<typeof createTitleInput>

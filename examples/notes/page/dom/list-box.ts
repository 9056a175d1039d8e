/** A list of buttons for mouse, touch and keys: arrows move, Enter opens, F2 renames, Delete deletes. */

export interface ListItem {
  readonly id: string
  readonly label: string
  readonly detail?: string
}

export interface ListActions {
  /** @param by - Whether a key asked for it, so that the focus may follow. */
  open(id: string, by: 'keyboard' | 'pointer'): void
  rename(id: string): void
  delete(id: string): void
}

export interface ListBox {
  /** Replaces the items; the focus stays on the item that had it. */
  show(items: readonly ListItem[], currentId: string | undefined): void
  /** Marks the open item. */
  setCurrent(id: string | undefined): void
  /** Focuses the open item, or the first one; false when there is none. */
  focus(): boolean
}

export function createListBox(list: HTMLUListElement, actions: ListActions): ListBox {
  let current: string | undefined
  const buttons = () => [...list.querySelectorAll('button')]

  const setCurrent = (id: string | undefined) => {
    current = id
    const all = buttons()
    const tabStop = all.find((button) => button.dataset['id'] === id) ?? all[0]
    for (const button of all) {
      // One tab stop for the whole list; the arrows do the rest.
      button.tabIndex = button === tabStop ? 0 : -1
      if (button.dataset['id'] === id) button.setAttribute('aria-current', 'true')
      else button.removeAttribute('aria-current')
    }
  }

  list.addEventListener('click', ({ target, detail }) => {
    const id = idAt(target)
    // A click that no pointer made counts no clicks.
    if (id !== undefined) actions.open(id, detail === 0 ? 'keyboard' : 'pointer')
  })

  list.addEventListener('keydown', (event) => {
    const id = idAt(event.target)
    const all = buttons()
    const index = all.findIndex((button) => button.dataset['id'] === id)
    if (id === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === 'ArrowDown') all[index + 1]?.focus()
    else if (event.key === 'ArrowUp') all[index - 1]?.focus()
    else if (event.key === 'Home') all[0]?.focus()
    else if (event.key === 'End') all.at(-1)?.focus()
    else if (event.key === 'F2') actions.rename(id)
    // A Mac's delete key says Backspace.
    else if (event.key === 'Delete' || event.key === 'Backspace') actions.delete(id)
    else return
    event.preventDefault()
  })

  return {
    show(items, currentId) {
      const focused = idAt(document.activeElement)
      list.replaceChildren(...items.map(itemElement))
      setCurrent(currentId)
      if (focused !== undefined)
        buttons()
          .find((button) => button.dataset['id'] === focused)
          ?.focus()
    },
    setCurrent,
    focus() {
      const all = buttons()
      const target = all.find((button) => button.dataset['id'] === current) ?? all[0]
      target?.focus()
      return target !== undefined
    },
  }
}

function itemElement({ id, label, detail }: ListItem): HTMLLIElement {
  const item = document.createElement('li')
  const button = document.createElement('button')
  button.type = 'button'
  button.dataset['id'] = id
  const name = document.createElement('span')
  name.className = 'label'
  name.textContent = label
  button.append(name)
  if (detail !== undefined) {
    const more = document.createElement('span')
    more.className = 'quiet'
    more.textContent = detail
    button.append(more)
  }
  item.append(button)
  return item
}

function idAt(target: unknown): string | undefined {
  return target instanceof Element ? target.closest('button')?.dataset['id'] : undefined
}

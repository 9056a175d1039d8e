/** Shows what failed and what to do, until it is dismissed. */
import { explain } from '../data/explain.ts'
import { byId } from './by-id.ts'

const notice = byId('notice', HTMLDivElement)
const text = byId('notice-text', HTMLParagraphElement)

byId('notice-close', HTMLButtonElement).addEventListener('click', hideNotice)

export function showNotice(sentence: string): void {
  text.textContent = sentence
  notice.hidden = false
}

export function hideNotice(): void {
  notice.hidden = true
}

/** Runs what a click or a key asked for; a failure becomes a notice. */
export function act(action: () => Promise<unknown>): void {
  action().then(undefined, (error: unknown) => showNotice(explain(error)))
}

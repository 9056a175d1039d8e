/** Tells screen readers what everyone else sees. */
import { byId } from './by-id.ts'

const announcer = byId('announcer', HTMLParagraphElement)

export function announce(sentence: string): void {
  announcer.textContent = sentence
}

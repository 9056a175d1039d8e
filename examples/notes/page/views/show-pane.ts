/** On a narrow screen one pane shows at a time; on a wide one only the focus moves. */

/** @param focus - Moves the focus into the pane, once it shows. */
export function showPane(pane: 'collections' | 'entries' | 'note', focus?: () => void): void {
  document.body.dataset['pane'] = pane
  focus?.()
}

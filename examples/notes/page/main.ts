/** Starts the page: the account, then the database behind its gate, then the workspace. */
import { app } from './data/database.ts'
import { saveContent } from './data/entries.ts'
import { forgetDraft, keptDraft } from './editor/draft-storage.ts'
import { startAccount } from './views/account.ts'
import { openThroughGate } from './views/gate.ts'
import { startWorkspace } from './workspace.ts'

startAccount()
openThroughGate(async () => {
  await app.ready()
  await storeKeptDraft()
}, startWorkspace)

/** Text that was still unsaved when the page last ended. If its note is gone by now, nothing is updated. */
async function storeKeptDraft(): Promise<void> {
  const draft = keptDraft()
  if (draft) await saveContent(draft.entryId, draft.content)
  forgetDraft()
}

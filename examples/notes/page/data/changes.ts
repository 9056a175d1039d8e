/** Tells when notes or collections changed, in whichever window that was. */
import { count, max } from 'drizzle-orm'
import { app } from './database.ts'

/** Calls back now and after each change, for as long as the page lives. */
export function onChanges(listener: () => void): void {
  for (const table of [app.schema.collection, app.schema.entry]) {
    // Not the rows: how many there are and when one was last changed says enough, however many there are.
    const summary = app.db.select({ rows: count(), newest: max(table.updatedAt) }).from(table)
    app.live(summary).subscribe(({ status }) => {
      if (status === 'ready') listener()
    })
  }
}

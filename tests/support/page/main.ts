/** The test page: puts what a tab has of the package on `window.typyst`, for `page.evaluate`. */
import * as drizzle from 'drizzle-orm'

const harness = {
  /** Drizzle's operators: `drizzle.eq`, `drizzle.sql` and so on. */
  drizzle,
  /** PGlite itself, to look at a database or to damage it behind the package's back. */
  loadPGlite: () => import('@electric-sql/pglite'),
}

declare global {
  interface Window {
    typyst: typeof harness
  }
}

window.typyst = harness

/** Columns that several tables share, made anew for each table because Drizzle's builders hold state. */
import { text, timestamp } from 'drizzle-orm/pg-core'

/** A `timestamp with time zone` that TypeScript sees as a `Date`. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })

/** `created_at` and `updated_at`; Drizzle sets the latter on every update. */
export const createdAndUpdatedAt = () => ({
  createdAt: instant('created_at').notNull().defaultNow(),
  updatedAt: instant('updated_at')
    .notNull()
    .defaultNow()
    .$onUpdate(() => new Date()),
})

/** The user a row belongs to: a soft reference, because users live in another database. */
export const softUserId = () => text('user_id')

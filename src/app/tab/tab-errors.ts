/** What a tab's requests fail with by the tab's own judgement. */
import { TypystDbError } from '../../errors.ts'

export function openInPage(): TypystDbError {
  return new TypystDbError(
    'DATABASE_IN_USE',
    'The database is open in a page that does not share it. Close it there, or give `worker` to every tab, and try again.',
  )
}

export function nobodyAnswers(): TypystDbError {
  return new TypystDbError(
    'LEADER_CHANGED',
    'The tab that holds the database does not answer and could not be replaced in time. Close the other tabs and try again.',
  )
}

export function acknowledgedLost(): TypystDbError {
  return new TypystDbError(
    'LEADER_CHANGED',
    'The tab that held the database went away before it had stored everything, so what was acknowledged in its last moments may be gone. Read what is there; the next `flush()` is about what comes from here on.',
  )
}

export function uncloneable(cause: unknown): TypystDbError {
  return new TypystDbError(
    'INVALID_INPUT',
    'A parameter cannot be handed to the worker: functions and symbols are no values of a database. Nothing was sent.',
    { cause },
  )
}

export function reloadNeeded(cause: TypystDbError): TypystDbError {
  return new TypystDbError(
    'RELOAD_NEEDED',
    'This tab has to open the database itself now and cannot, because its code is no longer on the server, as after a deploy. Reload the page. What was acknowledged is stored.',
    { cause },
  )
}

export function closed(): TypystDbError {
  return new TypystDbError('CLOSED', 'The database was closed. Create a new one to go on.')
}

export function closedByDestroy(): TypystDbError {
  return new TypystDbError('CLOSED', 'Another tab deleted the database, so it was closed. Create a new one to go on.')
}

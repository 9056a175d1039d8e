/** What a search may be passed; apart from the search itself, whose code is loaded when it is first used. */
import { fits, flag, nullable, optional, options, text, whole } from '../../internal/argument-readers.ts'
import { later } from '../../internal/check-arguments.ts'
import type { CallRule } from '../../internal/check-arguments.ts'
import { rowIdRule, userIdRule } from '../data/field-rules.ts'
import type { SearchOptions } from './search.ts'

/** The most results that a page of a search has. */
const mostResults = 200

/** Of `app.search`. */
export const searchCall: CallRule<'later'> = later({
  text,
  options: optional(
    options<SearchOptions>({
      limit: whole(1, mostResults),
      offset: whole(0, Number.MAX_SAFE_INTEGER),
      collectionId: fits(rowIdRule),
      userId: nullable(fits(userIdRule)),
      includeDeleted: flag,
      skipPending: flag,
    }),
  ),
})

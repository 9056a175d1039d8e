/** Skips every test of a project whose browser is not installed, and says so beside its name. */
import { beforeEach, inject } from 'vitest'
import { missingBrowser } from './browsers/installed-browsers.ts'

beforeEach(({ skip }) => {
  const missing = missingBrowser(inject('browserName'))
  skip(missing !== undefined, missing)
})

/** How much of a suite runs: a short round of each in `npm test`, and all of it in `npm run test:long`. */
export const isLong = process.env['TEST_LONG'] !== undefined

/** All cases, or the first ones in a short round. */
export const fewOf = <Cases extends readonly unknown[]>(cases: Cases, count = 1): Cases[number][] =>
  isLong ? [...cases] : cases.slice(0, count)

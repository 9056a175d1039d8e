/** How far an opening has come, for a page that shows a bar. */

/**
 * What an opening is doing: fetching code, reading the stored database, starting Postgres, migrating. A database that is not
 * in the browser's storage has no `load`.
 */
export type OpenPhase = 'download' | 'load' | 'start' | 'migrate'

/** A step of an opening, told when it begins. */
export interface OpenProgress {
  readonly phase: OpenPhase
  /** The share of a usual opening that is behind it, from 0 to 1. */
  readonly fraction: number
}

/** From a reopening of 10,000 entries with a warm cache; docs/performance.md says where its time goes. */
const fractionByPhase: Readonly<Record<OpenPhase, number>> = { download: 0, load: 0.2, start: 0.6, migrate: 0.9 }

/** Tells `onProgress` of each phase that begins. */
export function toPhaseListener(
  onProgress: ((progress: OpenProgress) => void) | undefined,
): (phase: OpenPhase) => void {
  return (phase) => onProgress?.({ phase, fraction: fractionByPhase[phase] })
}

/** Chooses processors, by `taskset` of util-linux, which practically every Linux has. */
import { execFileSync } from 'node:child_process'

/**
 * Keeps this process, and what it starts from now on, on one processor; what it has started before stays where it is.
 *
 * @returns Whether it could.
 */
export function stayOnProcessor(number: number): boolean {
  try {
    execFileSync('taskset', ['-a', '-c', '-p', String(number), String(process.pid)], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

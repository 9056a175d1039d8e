/**
 * Outlives the test process by a moment: when its standard input closes, however that process ended, it stops the
 * Postgres in the folder given as argument and deletes the folder.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const folder = process.argv[2]

// Ctrl-C goes to the whole process group; the guard has work left to do then.
process.on('SIGINT', () => {})
process.stdin.resume()
process.stdin.on('close', () => {
  // More than one round: a server that is starting has no process id file yet, and one that stops still writes.
  let rounds = 0
  const timer = setInterval(() => {
    killServer()
    deleteFolder()
    if (!existsSync(folder) || ++rounds === 100) clearInterval(timer)
  }, 50)
})

function killServer() {
  try {
    const [pid] = readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n')
    // An immediate shutdown: nothing in that folder is wanted any more.
    process.kill(Number(pid), 'SIGQUIT')
  } catch {
    // No server is running.
  }
}

function deleteFolder() {
  try {
    rmSync(folder, { recursive: true, force: true })
  } catch {
    // Something was written to it meanwhile.
  }
}
